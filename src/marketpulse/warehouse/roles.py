"""The database's four roles and the database itself, made by a superuser before the first migration.

owner runs migrations and maintenance; writer is the stream's sink; operations is everything else of ours;
reader sees the `mart` schema only.
"""

from dataclasses import dataclass, field

import psycopg
from psycopg import conninfo, sql

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, password_of


@dataclass(frozen=True, slots=True)
class RolePasswords:
    """One password a role; never shown by repr."""

    owner: str = field(repr=False)
    writer: str = field(repr=False)
    operations: str = field(repr=False)
    reader: str = field(repr=False)

    @classmethod
    def of_dsns(cls, *, owner: str, writer: str, operations: str, reader: str) -> "RolePasswords":
        """The passwords inside the four roles' addresses. Raises OperatorError for one that cannot be read."""
        return cls(*(password_of(dsn) for dsn in (owner, writer, operations, reader)))

    def by_role(self) -> tuple[tuple[str, str], ...]:
        """(role name, password) of all four."""
        return (
            ("marketpulse_owner", self.owner),
            ("marketpulse_writer", self.writer),
            ("marketpulse_operations", self.operations),
            ("marketpulse_reader", self.reader),
        )


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What the reader's people may take from the server: seconds a query, connections at a time."""

    statement_timeout_s: int = 60
    connections: int = 20


def ensure_roles(superuser_dsn: str, passwords: RolePasswords, limits: ReaderLimits = ReaderLimits()) -> None:
    """Create or correct the roles, their passwords and limits, and the database `marketpulse`. Safe to repeat and race.

    `superuser_dsn` names any existing database of the server but `marketpulse`. Raises OperatorError when a password is
    empty or the user is no superuser, RetriableError when the server does not answer.
    """
    for role, password in passwords.by_role():
        if not password:
            raise OperatorError(f"the password of {role} is empty: set one")
    with connect(superuser_dsn, application_name="roles", autocommit=True) as connection:
        connection.execute(read_sql("roles/lock"))
        try:
            _set_up(connection, passwords, limits)
            _limit_functions(superuser_dsn)
        except psycopg.errors.InsufficientPrivilege as error:
            raise OperatorError(f"roles need a superuser's connection: {_first_line(error)}") from None


def _set_up(connection: psycopg.Connection, passwords: RolePasswords, limits: ReaderLimits) -> None:
    connection.execute(read_sql("roles/ensure_roles"))
    limited = sql.SQL(read_sql("roles/limit_reader")).format(
        connections=sql.Literal(limits.connections),
        statement_timeout=sql.Literal(f"{limits.statement_timeout_s}s"),
    )
    connection.execute(limited)
    for role, password in passwords.by_role():
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        statement = sql.SQL(read_sql("roles/set_password"))
        connection.execute(statement.format(role=sql.Identifier(role), verifier=sql.Literal(verifier)))
    found = connection.execute(read_sql("roles/database_exists")).fetchone()
    if found is None or not found[0]:
        connection.execute(read_sql("roles/create_database"))
    connection.execute(read_sql("roles/grant_database"))


def _limit_functions(superuser_dsn: str) -> None:
    """Rights on the server's own functions are kept per database."""
    dsn = conninfo.make_conninfo(superuser_dsn, dbname="marketpulse")
    with connect(dsn, application_name="roles", autocommit=True) as connection:
        connection.execute(read_sql("roles/limit_functions"))


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
