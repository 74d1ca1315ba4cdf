"""The journal on a real Postgres: rows and cursors together or not at all, fenced, and never twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import FencedError, OperatorError, RetriableError
from marketpulse.events.session import Session
from marketpulse.ingest.journal import Journal, Poll
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.store import lease as leases
from marketpulse.store.lease import Lease
from marketpulse.store.postgres import connect

pytestmark = pytest.mark.integration

OPEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SESSION = Session("XNYS", OPEN.date(), OPEN, OPEN, OPEN + timedelta(hours=16), OPEN + timedelta(hours=16))
PLAN = ProducerPlan("alpaca", "sip", ("AAPL", "MSFT"), "XNYS")
POLL = Poll(
    endpoint="trades",
    purpose="poll",
    trading_date=date(2026, 11, 20),
    symbols=("AAPL", "MSFT"),
    request="/v2/stocks/trades?symbols=AAPL,MSFT",
    covered_from=OPEN,
    covered_until=OPEN + timedelta(hours=1),
    requested_at=OPEN,
    received_at=OPEN,
    market_at=OPEN,
    outcome="ok",
    http_status=200,
    pages=1,
    records=6,
    events=3,
    repeated=2,
    rejected=1,
    highest_seq={"stock_analysis/0": 3},
    moves_cursor=True,
)


@pytest.fixture
def lease(database: Database) -> Lease:
    with connect(database.operations_dsn, application_name="test") as connection:
        return leases.acquire(connection, "producer", "elsewhere:1:p-1", 60)


@pytest.fixture
def journal(database: Database, lease: Lease) -> Iterator[Journal]:
    journal = Journal(database.operations_dsn, "p-1", PLAN, lambda: lease)
    journal.open_run(SESSION.trading_date, OPEN)
    journal.open_session(SESSION)
    yield journal
    journal.close()


def count(database: Database, table: str) -> int:
    with psycopg.connect(database.owner_dsn) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def test_polls_and_cursors_are_one_transaction(journal: Journal, database: Database) -> None:
    journal.commit([POLL, replace(POLL, endpoint="snapshots", covered_until=None, moves_cursor=False)])
    assert count(database, "ops.poll") == 2
    assert journal.cursors("trades", SESSION.trading_date, PLAN.symbols) == dict.fromkeys(
        PLAN.symbols, POLL.covered_until
    )
    assert journal.cursors("bars", SESSION.trading_date, PLAN.symbols) == {}


def test_one_bad_row_and_nothing_is_written(journal: Journal, database: Database) -> None:
    with pytest.raises(psycopg.Error):
        journal.commit([POLL, replace(POLL, purpose="guess")])  # type: ignore[arg-type]
    assert count(database, "ops.poll") == 0
    assert count(database, "ops.cursor") == 0


def test_lost_lease_fences_every_write(journal: Journal, database: Database, lease: Lease) -> None:
    with connect(database.operations_dsn, application_name="test") as connection:
        leases.release(connection, lease)
        leases.acquire(connection, "producer", "elsewhere:2:p-2", 60)
    with pytest.raises(FencedError):
        journal.commit([POLL])
    with pytest.raises(FencedError):
        journal.end_run("completed")
    assert count(database, "ops.poll") == 0
    assert count(database, "ops.cursor") == 0


def test_commit_repeated_after_a_broken_connection_writes_once(journal: Journal, database: Database) -> None:
    """The connection broke after the commit: whoever repeats it must not count the events twice."""
    journal.commit([POLL])
    _break_connections(database)
    with pytest.raises(RetriableError):
        journal.commit([POLL])
    journal.commit([POLL])
    assert count(database, "ops.poll") == 1


def test_commit_repeated_after_a_connection_broken_before_it_is_written(journal: Journal, database: Database) -> None:
    _break_connections(database)
    with pytest.raises(RetriableError):
        journal.commit([POLL])
    journal.commit([POLL])
    assert count(database, "ops.poll") == 1
    assert count(database, "ops.cursor") == 2


def test_commit_repeated_with_other_polls_writes_what_is_missing(journal: Journal, database: Database) -> None:
    """After a broken connection a stop adds the poll it broke off, before or behind what may be written already."""
    journal.commit([POLL])
    _break_connections(database)
    with pytest.raises(RetriableError):
        journal.commit([POLL])
    later = replace(POLL, requested_at=OPEN + timedelta(seconds=5))
    refused = replace(POLL, symbols=("NOT-ONE",), outcome="bad_symbol", covered_until=None, moves_cursor=False)
    journal.commit([later, POLL, refused])
    assert count(database, "ops.poll") == 3


def test_session_without_its_sweep_is_known(journal: Journal) -> None:
    assert not journal.lacks_sweep(SESSION)
    journal.commit([POLL])
    assert journal.lacks_sweep(SESSION)
    journal.commit([replace(POLL, purpose="sweep", covered_until=SESSION.post_close_at, moves_cursor=False)])
    assert not journal.lacks_sweep(SESSION)


def test_opening_again_changes_nothing(journal: Journal, database: Database) -> None:
    journal.open_run(SESSION.trading_date, OPEN)
    journal.open_session(SESSION)
    assert count(database, "ops.producer_run") == 1
    assert count(database, "market.session") == 1
    assert count(database, "market.subscription WHERE NOT synthetic") == 2


def test_second_feed_of_the_same_trades_is_refused_on_the_same_day(database: Database, lease: Lease) -> None:
    """Their ids are equal, so whatever the second feed sent would count for the first one only."""
    delayed = Journal(database.operations_dsn, "p-1", replace(PLAN, feed="delayed_sip"), lambda: lease)
    real_time = Journal(database.operations_dsn, "p-2", replace(PLAN, symbols=("MSFT", "NVDA")), lambda: lease)
    other_venue = Journal(database.operations_dsn, "p-3", replace(PLAN, feed="iex"), lambda: lease)
    try:
        delayed.open_session(SESSION)
        with pytest.raises(OperatorError, match=r"2026-11-20 .* delayed_sip for MSFT, .*MARKETPULSE_FEED=delayed_sip"):
            real_time.open_session(SESSION)
        assert count(database, "market.subscription") == 2
        other_venue.open_session(SESSION)
        delayed.open_session(SESSION)
        real_time.open_session(replace(SESSION, trading_date=date(2026, 11, 23)))
    finally:
        for journal in (delayed, real_time, other_venue):
            journal.close()
    assert count(database, "market.subscription") == 6


@pytest.mark.parametrize("simulated_first", [True, False])
def test_a_simulated_and_a_real_market_are_never_one_feed_of_a_day(
    database: Database, lease: Lease, simulated_first: bool
) -> None:
    first = Journal(database.operations_dsn, "p-1", replace(PLAN, synthetic=simulated_first), lambda: lease)
    other = Journal(database.operations_dsn, "p-2", replace(PLAN, synthetic=not simulated_first), lambda: lease)
    there, here = ("simulated", "real") if simulated_first else ("real", "simulated")
    try:
        first.open_session(SESSION)
        words = f"2026-11-20 is recorded from a {there} market on sip for AAPL, MSFT, and {here} trades would mix"
        with pytest.raises(OperatorError, match=words):
            other.open_session(SESSION)
        first.open_session(SESSION)
        other.open_session(replace(SESSION, trading_date=date(2026, 11, 23)))
    finally:
        first.close()
        other.close()
    assert count(database, "market.subscription") == 4


def _break_connections(database: Database) -> None:
    with psycopg.connect(database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marketpulse producer'"
        )
