"""Simulated and replayed days beside those of a real market: in no row and in no series together."""

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.rollups import compute_daily

FIRST, SECOND, THIRD = date(2025, 7, 1), date(2025, 7, 2), date(2025, 7, 3)


def watched(
    database: Database, day: date, feed: str, *, close: str, subscribed: bool | None, events: bool | None
) -> None:
    """One trade of ABC, landed with its bar; `subscribed` and `events` are the marks of the two, None for neither."""
    minute = f"{day}T14:00:00+00:00"
    session = {
        "calendar": "XNYS",
        "trading_date": day,
        "pre_open_at": f"{day}T08:00Z",
        "open_at": f"{day}T13:30Z",
        "close_at": f"{day}T20:00Z",
        "post_close_at": f"{day}T23:59Z",
    }
    key = {"trading_date": day, "symbol": "ABC", "feed": feed}
    with psycopg.connect(database.owner_dsn) as connection:
        known = connection.execute("SELECT FROM market.session WHERE trading_date = %s", (day,)).fetchone()
    tables: dict[str, list[dict[str, Any]]] = {
        "market.session": [] if known is not None else [session],
        "market.subscription": [key | {"synthetic": subscribed}],
        "market.bar_1m": [
            key
            | dict.fromkeys(("open", "high", "low", "close"), close)
            | {"bar_start": minute, "volume": 100, "notional": Decimal(close) * 100, "trade_count": 1}
        ],
    }
    if events is not None:
        identity = f"00000000-0000-0000-0000-{day.day:04d}{abs(hash(feed)) % 10**8:08d}"
        event = {"event_at": minute, "price": close, "synthetic": events, "entity_id": identity}
        tables["market.event"] = [key | event]
    load(database.owner_dsn, tables)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.reader_dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def broken(database: Database) -> set[str]:
    """The equations that do not balance; those of Kafka's offsets cannot, for nothing came that way."""
    proof = prove(database.operations_dsn, settle_s=0)
    return {equation.name for equation in proof.equations if not equation.balanced}


def shown(database: Database) -> list[tuple[Any, ...]]:
    return rows(
        database,
        "SELECT extract(day FROM trading_date)::integer, feed, is_synthetic, adj_close::integer, return_1d::text,"
        " high_52w::integer FROM mart.fact_daily ORDER BY trading_date",
    )


@pytest.mark.parametrize(
    ("feed", "subscribed", "events", "is_synthetic"),
    [
        ("sip", False, False, False),
        ("sip", True, True, True),
        # Either mark suffices, and an unmarked subscription of old says nothing.
        ("sip", None, True, True),
        ("sip", False, True, True),
        ("sip", None, False, False),
        ("sip", None, None, None),
        ("iex", True, None, True),
        ("delayed_sip", False, None, False),
        # No real provider has these two, whatever was marked.
        ("tape", False, False, True),
        ("round_the_clock", None, None, True),
        # A file is what its replay was told that it is.
        ("replay", False, False, False),
        ("replay", True, True, True),
    ],
)
def test_every_day_says_whether_it_was_simulated(
    database: Database, feed: str, subscribed: bool | None, events: bool | None, is_synthetic: bool | None
) -> None:
    watched(database, SECOND, feed, close="10", subscribed=subscribed, events=events)
    compute_daily(database.operations_dsn, SECOND, SECOND)
    assert rows(database, "SELECT feed, is_synthetic FROM mart.fact_daily") == [(feed, is_synthetic)]


@pytest.mark.parametrize(
    ("feed", "synthetic"), [("sip", True), ("iex", True), ("tape", True), ("round_the_clock", True), ("replay", False)]
)
def test_the_first_live_day_begins_the_series_anew(database: Database, feed: str, synthetic: bool) -> None:
    """Whatever was played before and after: no return, no range and no average reaches over to it."""
    for day, close in ((FIRST, "50"), (SECOND, "60")):
        watched(database, day, feed, close=close, subscribed=synthetic, events=synthetic)
    compute_daily(database.operations_dsn, FIRST, THIRD)
    mark = synthetic
    assert shown(database) == [(1, feed, mark, 50, None, 50), (2, feed, mark, 60, "0.20000000", 60)]

    watched(database, THIRD, "delayed_sip", close="10", subscribed=False, events=False)
    compute_daily(database.operations_dsn, THIRD, THIRD)
    assert shown(database) == [
        (1, feed, mark, None, None, None),
        (2, feed, mark, None, None, None),
        (3, "delayed_sip", False, 10, None, 10),
    ]
    assert rows(database, "SELECT DISTINCT feed, high::integer FROM mart.fact_period") == [("delayed_sip", 10)]
    assert "rollups_recomputed" not in broken(database)

    # It was a mistake, and its facts are removed: the played days are a series again.
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM market.bar_1m WHERE trading_date = %s", (THIRD,))
        connection.execute("DELETE FROM market.subscription WHERE trading_date = %s", (THIRD,))
        connection.execute("DELETE FROM market.event WHERE trading_date = %s", (THIRD,))
    compute_daily(database.operations_dsn, THIRD, THIRD)
    assert shown(database) == [(1, feed, mark, 50, None, 50), (2, feed, mark, 60, "0.20000000", 60)]
    assert "rollups_recomputed" not in broken(database)


def test_a_live_feed_is_chosen_before_a_played_one_that_covered_more(database: Database) -> None:
    watched(database, SECOND, "iex", close="10", subscribed=False, events=False)
    watched(database, SECOND, "sip", close="50", subscribed=True, events=True)
    poll = {"trading_date": SECOND, "covered_from": f"{SECOND}T08:00Z", "covered_until": f"{SECOND}T23:59Z"}
    load(
        database.owner_dsn,
        {"ops.producer_run": [{"producer_id": "p-1", "trading_date": SECOND}], "ops.poll": [poll]},
    )
    compute_daily(database.operations_dsn, SECOND, SECOND)
    assert shown(database) == [(2, "iex", False, 10, None, 10)]
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM rollup.daily_series")
    assert [row[:3] for row in shown(database)] == [(2, "iex", False)]


def test_the_close_before_is_of_the_same_kind_of_market(database: Database) -> None:
    watched(database, FIRST, "sip", close="50", subscribed=True, events=True)
    watched(database, SECOND, "sip", close="10", subscribed=False, events=False)
    watched(database, THIRD, "sip", close="11", subscribed=False, events=False)
    compute_daily(database.operations_dsn, FIRST, THIRD)
    query = "SELECT previous_close::integer FROM mart.fact_daily ORDER BY trading_date"
    assert rows(database, query) == [(None,), (None,), (10,)]
    # Also when the day before is computed afterwards.
    compute_daily(database.operations_dsn, FIRST, FIRST)
    assert rows(database, query) == [(None,), (None,), (10,)]
