"""The four roles on a real server: who they are, what they may not do, and that their passwords stay unseen."""

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.warehouse.roles import ReaderLimits, RolePasswords, ensure_roles

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


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO mart.fact_quality (check_name) VALUES ('mine')",
        "UPDATE rollup.daily SET close = 1",
        "DELETE FROM market.event",
        "CREATE TABLE mart.mine (id int)",
        "CREATE VIEW mart.mine AS SELECT 1",
        "DROP VIEW mart.fact_daily",
        "SELECT market.ensure_event_partition('2025-07-02')",
        "COPY mart.dim_date TO PROGRAM 'true'",
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_the_reader_cannot_write_even_when_it_says_so(postgres: Database, statement: str, read_only: bool) -> None:
    with psycopg.connect(postgres.reader_dsn) as connection:
        if not read_only:
            connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(
            (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.ReadOnlySqlTransaction,
                psycopg.errors.ObjectNotInPrerequisiteState,
                psycopg.errors.FeatureNotSupported,
            )
        ):
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    "call",
    [
        "pg_advisory_lock(hashtext('rollup.daily'))",
        "pg_advisory_lock_shared(1, 2)",
        "pg_try_advisory_lock(1)",
        "pg_advisory_xact_lock(1)",
        "lo_create(0)",
        "lo_from_bytea(0, 'x')",
        "lo_put(1, 0, 'x')",
        "lo_unlink(1)",
    ],
)
def test_the_reader_can_neither_make_others_wait_nor_fill_the_disk(
    postgres: Database, passwords: RolePasswords, call: str
) -> None:
    ensure_roles(postgres.superuser_dsn, passwords)
    with psycopg.connect(postgres.reader_dsn, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only TO off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for function"):
            connection.execute(f"SELECT {call}".encode())


def test_those_who_lock_still_may(postgres: Database, passwords: RolePasswords) -> None:
    ensure_roles(postgres.superuser_dsn, passwords)
    for dsn in (postgres.owner_dsn, postgres.writer_dsn, postgres.operations_dsn):
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT pg_try_advisory_xact_lock(7)").fetchone() == (True,)


def test_a_connection_of_the_reader_that_asks_nothing_is_closed_in_the_end(
    postgres: Database, passwords: RolePasswords
) -> None:
    ensure_roles(postgres.superuser_dsn, passwords)
    with psycopg.connect(postgres.reader_dsn) as connection:
        assert connection.execute("SHOW idle_session_timeout").fetchone() == ("30min",)


def test_a_query_that_would_scan_everything_is_stopped_and_told_why(
    postgres: Database, passwords: RolePasswords
) -> None:
    ensure_roles(postgres.superuser_dsn, passwords, ReaderLimits(statement_timeout_s=1))
    try:
        with (
            psycopg.connect(postgres.reader_dsn) as connection,
            pytest.raises(psycopg.errors.QueryCanceled, match="canceling statement due to statement timeout"),
        ):
            connection.execute("SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b")
    finally:
        ensure_roles(postgres.superuser_dsn, passwords)
    with psycopg.connect(postgres.reader_dsn) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)
        assert connection.execute("SHOW temp_file_limit").fetchone() == ("4GB",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET temp_file_limit = -1")


def test_the_reader_leaves_connections_to_the_others(postgres: Database, passwords: RolePasswords) -> None:
    ensure_roles(postgres.superuser_dsn, passwords, ReaderLimits(connections=1))
    try:
        with (
            psycopg.connect(postgres.reader_dsn),
            pytest.raises(psycopg.OperationalError, match='too many connections for role "marketpulse_reader"'),
        ):
            psycopg.connect(postgres.reader_dsn)
        psycopg.connect(postgres.operations_dsn).close()
    finally:
        ensure_roles(postgres.superuser_dsn, passwords)


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
