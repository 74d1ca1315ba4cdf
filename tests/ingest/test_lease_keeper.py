"""The keeper on a real Postgres: renews by itself, and tells an outage from a freeze."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import FencedError, LeaseHeldError, RetriableError
from marketpulse.ingest.lease_keeper import LeaseKeeper, LeaseLapsedError
from marketpulse.store import lease as leases
from marketpulse.store.postgres import connect

pytestmark = pytest.mark.integration

TTL_S = 1.5


@pytest.fixture
def keeper(database: Database) -> Iterator[LeaseKeeper]:
    keeper = LeaseKeeper(database.operations_dsn, name="producer", holder="elsewhere:1:p-1", ttl_s=TTL_S)
    yield keeper
    keeper.release()


def steal(database: Database) -> None:
    """What another producer does once the lease has expired."""
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.lease SET token = gen_random_uuid(), holder = 'elsewhere:2:p-2'")


def lapses(keeper: LeaseKeeper, error: type[Exception], timeout_s: float = 10) -> None:
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        try:
            keeper.check()
        except error:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {error.__name__} within {timeout_s} s")


def test_lease_outlives_its_ttl_while_it_is_kept(keeper: LeaseKeeper, database: Database) -> None:
    keeper.take()
    time.sleep(2 * TTL_S)
    keeper.check()
    with (
        connect(database.operations_dsn, application_name="test") as connection,
        pytest.raises(LeaseHeldError, match="p-1"),
    ):
        leases.acquire(connection, "producer", "elsewhere:2:p-2", 1)


def test_released_lease_is_free(keeper: LeaseKeeper, database: Database) -> None:
    keeper.take()
    keeper.release()
    with connect(database.operations_dsn, application_name="test") as connection:
        leases.acquire(connection, "producer", "elsewhere:2:p-2", 1)


def test_lease_taken_by_another_is_final(keeper: LeaseKeeper, database: Database) -> None:
    keeper.take()
    steal(database)
    lapses(keeper, FencedError)
    with pytest.raises(FencedError):
        keeper.retake()


def test_postgres_away_for_longer_than_the_lease_is_survived(keeper: LeaseKeeper, database: Database) -> None:
    first = keeper.take()
    database.server.kill()
    try:
        lapses(keeper, LeaseLapsedError)
        assert keeper.postgres_was_away
        with pytest.raises(RetriableError, match="does not answer"):
            keeper.retake()
    finally:
        database.server.start()
    again = keeper.retake()
    assert again.token != first.token
    keeper.check()


def test_taken_over_during_the_outage_is_final(keeper: LeaseKeeper, database: Database) -> None:
    keeper.take()
    database.server.kill()
    try:
        lapses(keeper, LeaseLapsedError)
    finally:
        database.server.start()
    steal(database)
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.lease SET expires_at = now() + interval '1 minute'")
    with pytest.raises(FencedError, match="p-2"):
        keeper.retake()
