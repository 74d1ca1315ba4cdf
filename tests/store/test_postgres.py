"""What a failing connection says, and to whom."""

import time

import psycopg
import pytest
from tests.database import Database, free_port

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.store.postgres import connect, outages

# What the server raises when the system refuses it a block.
FULL = """
DO $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/5/16384": No space left on device' USING ERRCODE = 'disk_full';
END $$
"""


def test_nobody_listens_is_an_outage_named_by_address() -> None:
    port = free_port()
    with pytest.raises(RetriableError, match=f"127.0.0.1:{port} does not answer") as caught:
        connect(f"postgresql://someone:secret@127.0.0.1:{port}/marketpulse", application_name="test")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dsn", ["", "not a dsn"])
def test_unusable_address_is_for_the_operator(dsn: str) -> None:
    with pytest.raises(OperatorError):
        connect(dsn, application_name="test")


@pytest.mark.integration
def test_session_speaks_utc(database: Database) -> None:
    with connect(database.reader_dsn, application_name="test") as connection:
        assert connection.execute("SHOW TimeZone").fetchone() == ("UTC",)


@pytest.mark.integration
def test_wrong_password_is_for_the_operator(database: Database) -> None:
    with pytest.raises(OperatorError, match="refuses"):
        connect(
            database.operations_dsn.replace("marketpulse_operations", "marketpulse_nobody"), application_name="test"
        )


@pytest.mark.integration
def test_lost_connection_is_an_outage(database: Database) -> None:
    connection = connect(database.operations_dsn, application_name="test", autocommit=True)
    with psycopg.connect(database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(RetriableError, match="went away"), outages(database.operations_dsn):
        connection.execute("SELECT 1")
    connection.close()


@pytest.mark.integration
def test_a_full_disk_is_an_outage_that_says_so(database: Database) -> None:
    with (
        connect(database.operations_dsn, application_name="test", autocommit=True) as connection,
        pytest.raises(RetriableError, match=r"has no room left \(.*: No space left on device\): free some"),
        outages(database.operations_dsn),
    ):
        connection.execute(FULL)


@pytest.mark.integration
def test_a_transaction_that_stood_still_was_ended_as_by_an_outage(database: Database) -> None:
    """What a process finds that was frozen within a transaction."""
    options = ("idle_in_transaction_session_timeout=50",)
    connection = connect(database.operations_dsn, application_name="test", session_options=options)
    connection.execute("SELECT 1")
    time.sleep(0.3)
    with pytest.raises(RetriableError, match="idle-in-transaction"), outages(database.operations_dsn):
        connection.execute("SELECT 1")
    connection.close()
