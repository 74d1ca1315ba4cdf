"""The four roles on a real server: who they are, what they may not do, and that their passwords stay unseen."""

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.warehouse.roles import RolePasswords, ensure_roles

PASSWORDS = RolePasswords(owner="o'1", writer="w 2", operations="p%3", reader='r"4')


@pytest.fixture
def passwords(postgres: Database) -> RolePasswords:
    """The session's own passwords, so that setting them again disturbs no other test."""
    parts = [
        psycopg.conninfo.conninfo_to_dict(dsn)["password"]
        for dsn in (postgres.owner_dsn, postgres.writer_dsn, postgres.operations_dsn, postgres.reader_dsn)
    ]
    return RolePasswords(*(str(part) for part in parts))


def test_repeating_changes_nothing_and_every_role_gets_in(postgres: Database, passwords: RolePasswords) -> None:
    ensure_roles(postgres.superuser_dsn, passwords)
    ensure_roles(postgres.superuser_dsn, passwords)
    for dsn in (postgres.owner_dsn, postgres.writer_dsn, postgres.operations_dsn, postgres.reader_dsn):
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False,)


def test_passwords_with_quotes_work(postgres: Database, passwords: RolePasswords) -> None:
    ensure_roles(postgres.superuser_dsn, PASSWORDS)
    try:
        for role, password in PASSWORDS.by_role():
            psycopg.connect(postgres.superuser_dsn, user=role, password=password, dbname="marketpulse").close()
    finally:
        ensure_roles(postgres.superuser_dsn, passwords)


@pytest.mark.parametrize("schema", ["market", "ops", "rollup", "public"])
def test_the_reader_reads_only_mart(postgres: Database, schema: str) -> None:
    with psycopg.connect(postgres.reader_dsn) as connection:
        row = connection.execute("SELECT has_schema_privilege(%s, 'USAGE')", (schema,)).fetchone()
        assert row == (False,)
        assert connection.execute("SELECT has_schema_privilege('mart', 'USAGE')").fetchone() == (True,)


def test_the_reader_cannot_create_even_temporary_tables(postgres: Database, passwords: RolePasswords) -> None:
    ensure_roles(postgres.superuser_dsn, passwords)
    with (
        psycopg.connect(postgres.reader_dsn) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        connection.execute("CREATE TEMPORARY TABLE mine (id int)")


def test_an_empty_password_is_refused(postgres: Database) -> None:
    with pytest.raises(OperatorError, match="marketpulse_reader is empty"):
        ensure_roles(postgres.superuser_dsn, RolePasswords("a", "b", "c", ""))


def test_an_ordinary_user_is_refused_and_a_silent_server_is_an_outage(
    postgres: Database, passwords: RolePasswords
) -> None:
    with pytest.raises(OperatorError, match="superuser"):
        ensure_roles(postgres.owner_dsn, passwords)
    with pytest.raises(RetriableError, match="does not answer"):
        ensure_roles("postgresql://postgres@127.0.0.1:1/postgres", passwords)


def test_repr_shows_no_password() -> None:
    assert "w 2" not in repr(PASSWORDS)


def test_passwords_are_read_from_addresses() -> None:
    dsns = {role: f"postgresql://marketpulse_{role}:p%40{role}@127.0.0.1/marketpulse" for role in ("owner", "writer")}
    found = RolePasswords.of_dsns(
        owner=dsns["owner"], writer=dsns["writer"], operations="postgresql://h/d", reader="postgresql://h/d"
    )
    assert [password for _, password in found.by_role()] == ["p@owner", "p@writer", "", ""]
