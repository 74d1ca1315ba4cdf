"""A final day that shows another figure: its next version, and of each figure what it was and is, why and when."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.warehouse.corporate_actions import CorporateAction, record_actions
from marketpulse.warehouse.rollups import compute_daily

DAYS = (date(2025, 6, 23), date(2025, 6, 24), date(2025, 6, 25))
PRICES = (100, 90, 91)
SHOWN = "SELECT state, version FROM mart.fact_daily ORDER BY trading_date"
NOTED = "SELECT trading_date, version, field, old_value, new_value, cause FROM mart.fact_daily_restatement"


@pytest.fixture
def final(database: Database) -> Iterator[psycopg.Connection]:
    """Three days of ABC, computed and final."""
    sessions = [
        {
            "calendar": "XNYS",
            "trading_date": day,
            "pre_open_at": f"{day}T08:00Z",
            "open_at": f"{day}T13:30Z",
            "close_at": f"{day}T20:00Z",
            "post_close_at": f"{day}T23:59Z",
        }
        for day in DAYS
    ]
    bars = [
        {
            "symbol": "ABC",
            "trading_date": day,
            "bar_start": f"{day}T13:30Z",
            "volume": 100,
            "notional": price * 100,
            "trade_count": 1,
            **dict.fromkeys(("open", "high", "low", "close"), price),
        }
        for day, price in zip(DAYS, PRICES, strict=True)
    ]
    subscriptions = [{"trading_date": day, "symbol": "ABC"} for day in DAYS]
    tables = {"market.session": sessions, "market.subscription": subscriptions, "market.bar_1m": bars}
    load(database.owner_dsn, tables)
    compute_daily(database.operations_dsn, DAYS[0], DAYS[-1])
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        connection.execute("UPDATE rollup.daily SET state = 'final'")
        yield connection


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def test_computing_final_days_again_restates_none(database: Database, final: psycopg.Connection) -> None:
    compute_daily(database.operations_dsn, DAYS[0], DAYS[-1])
    assert rows(final, SHOWN) == [("final", 1)] * 3
    assert rows(final, NOTED) == []


def test_a_dividend_told_later_restates_its_day(database: Database, final: psycopg.Connection) -> None:
    dividend = CorporateAction("ABC", DAYS[1], "cash_dividend", cash_amount=Decimal(10), currency="USD")
    record_actions(database.operations_dsn, [dividend], source="test")
    compute_daily(database.operations_dsn)
    assert rows(final, SHOWN) == [("final", 1), ("restated", 2), ("final", 1)]
    assert rows(final, NOTED) == [(DAYS[1], 2, "total_return_1d", "-0.10000000", "0.00000000", "dividend")]
    compute_daily(database.operations_dsn, DAYS[0], DAYS[-1])
    assert len(rows(final, NOTED)) == 1


def test_a_split_told_later_restates_every_day_that_counts_in_other_shares(
    database: Database, final: psycopg.Connection
) -> None:
    split = CorporateAction("ABC", DAYS[2], "split", split_from=Decimal(1), split_to=Decimal(2))
    record_actions(database.operations_dsn, [split], source="test")
    compute_daily(database.operations_dsn)
    assert rows(final, SHOWN) == [("restated", 2)] * 3
    noted = rows(final, f"{NOTED} WHERE field IN ('split_factor', 'return_1d') ORDER BY trading_date, field")
    assert noted == [
        (DAYS[0], 2, "split_factor", "1", "0.5", "split"),
        (DAYS[1], 2, "split_factor", "1", "0.5", "split"),
        (DAYS[2], 2, "return_1d", "0.01111111", "1.02222222", "split"),
    ]


def test_a_changed_close_is_one_version_of_its_day_and_one_of_the_days_after(
    database: Database, final: psycopg.Connection
) -> None:
    final.execute("UPDATE market.bar_1m SET close = 80, low = 80 WHERE trading_date = %s", (DAYS[1],))
    final.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAYS[1],))
    compute_daily(database.operations_dsn)
    assert rows(final, SHOWN) == [("final", 1), ("restated", 2), ("restated", 2)]
    noted = rows(final, f"{NOTED} WHERE field IN ('close', 'return_1d') ORDER BY trading_date, field")
    assert noted == [
        (DAYS[1], 2, "close", "90.000000", "80.000000", "changed facts"),
        (DAYS[1], 2, "return_1d", "-0.10000000", "-0.20000000", "the day's own figures"),
        (DAYS[2], 2, "return_1d", "0.01111111", "0.13750000", "an earlier day"),
    ]
    assert rows(final, "SELECT DISTINCT state FROM rollup.period") == [("provisional",)]


def test_a_day_that_is_not_final_changes_without_a_word(database: Database, final: psycopg.Connection) -> None:
    final.execute("UPDATE rollup.daily SET state = 'provisional'")
    final.execute("UPDATE market.bar_1m SET close = 80, low = 80 WHERE trading_date = %s", (DAYS[1],))
    compute_daily(database.operations_dsn, DAYS[0], DAYS[-1])
    assert rows(final, NOTED) == []
    assert rows(final, SHOWN) == [("provisional", 1)] * 3
