"""What a bar said at a moment of market time, and how many bars were restated a week, from the sink's own accounts."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.database import Database
from tests.warehouse.rows import load

START = "2025-07-02T13:35Z"


def figures(volume: int) -> dict[str, Any]:
    return {"open": "10", "high": "10", "low": "10", "close": "10", "volume": str(volume), "trade_count": 1}


@pytest.fixture
def restated(database: Database) -> Database:
    """Landed at 13:36:05, closed since 13:37, restated at 14:00 and, by two transactions, at 15:00."""
    batches = [
        {"batch_id": number, "first_offset": number, "last_offset": number, "records": 1, "landed": 1, "market_at": at}
        for number, at in enumerate(
            ("2025-07-02T13:36:05Z", "2025-07-02T14:00Z", "2025-07-02T15:00Z", "2025-07-02T15:00Z"), start=1
        )
    ]
    changes = [
        (2, 100, 150, "2025-07-02T14:00Z"),
        (3, 150, 170, "2025-07-02T15:00Z"),
        (4, 170, 180, "2025-07-02T15:00Z"),
    ]
    load(
        database.owner_dsn,
        {
            "market.bar_1m": [
                {"symbol": "ABC", "trading_date": "2025-07-02", "bar_start": START, "notional": 1800, "batch_id": 4}
                | figures(180)
            ],
            "ops.stream_batch": batches,
            "ops.restatement": [
                {"symbol": "ABC", "trading_date": "2025-07-02", "bar_start": START, "batch_id": batch, "market_at": at}
                | {"old": figures(old), "new": figures(new)}
                for batch, old, new, at in changes
            ],
        },
    )
    return database


def said(database: Database, at: str, *, role: str = "operations", schema: str = "market") -> tuple[Any, ...]:
    query = sql.SQL("SELECT state, volume, restated_later FROM {}.bar_as_it_was('ABC', 'sip', %s, 'regular', %s)")
    with psycopg.connect(getattr(database, f"{role}_dsn")) as connection:
        rows = connection.execute(query.format(sql.Identifier(schema)), (START, at)).fetchall()
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-07-02T13:00Z", ("forming", None, 3)),
        ("2025-07-02T13:36:59Z", ("forming", None, 3)),
        ("2025-07-02T13:37Z", ("closed", Decimal(100), 3)),
        ("2025-07-02T13:59:59Z", ("closed", Decimal(100), 3)),
        ("2025-07-02T14:00Z", ("closed", Decimal(150), 2)),
        ("2025-07-02T15:00Z", ("closed", Decimal(180), 0)),
        ("2026-07-02T15:00Z", ("closed", Decimal(180), 0)),
    ],
)
def test_a_bar_says_what_it_said_then(restated: Database, at: str, expected: tuple[Any, ...]) -> None:
    assert said(restated, at) == expected


def test_a_reader_of_the_mart_may_ask_and_see_nothing_else(restated: Database) -> None:
    assert said(restated, "2025-07-02T14:30Z", role="reader", schema="mart") == ("closed", Decimal(150), 2)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        said(restated, "2025-07-02T14:30Z", role="reader")


def test_a_bar_that_came_late_was_absent_before(restated: Database) -> None:
    with psycopg.connect(restated.owner_dsn) as connection:
        connection.execute("UPDATE ops.restatement SET old = NULL WHERE batch_id = 2")
    assert said(restated, "2025-07-02T13:40Z") == ("absent", None, 3)
    assert said(restated, "2025-07-02T14:00Z") == ("closed", Decimal(150), 2)


def test_a_bar_whose_trades_were_all_taken_back_is_absent_since(restated: Database) -> None:
    with psycopg.connect(restated.owner_dsn) as connection:
        connection.execute("UPDATE ops.restatement SET new = NULL WHERE batch_id = 4")
        connection.execute("DELETE FROM market.bar_1m")
    assert said(restated, "2025-07-02T14:59Z") == ("closed", Decimal(150), 2)
    assert said(restated, "2025-07-02T15:00Z") == ("absent", None, 0)


def test_a_bar_that_never_changed_is_what_it_is_since_it_landed(restated: Database) -> None:
    with psycopg.connect(restated.owner_dsn) as connection:
        connection.execute("DELETE FROM ops.restatement")
        connection.execute("UPDATE market.bar_1m SET batch_id = first_batch_id")
        connection.execute("UPDATE ops.stream_batch SET market_at = '2025-07-02T13:50Z' WHERE batch_id = 1")
    assert said(restated, "2025-07-02T13:49Z") == ("forming", None, 0)
    assert said(restated, "2025-07-02T13:50Z") == ("closed", Decimal(180), 0)


def test_what_a_later_batch_added_before_the_bar_was_closed_is_not_told_before(restated: Database) -> None:
    """The second transaction added to the bar without a restatement: until 14:00 its figures were others, not kept."""
    with psycopg.connect(restated.owner_dsn) as connection:
        connection.execute("DELETE FROM ops.restatement")
        connection.execute("UPDATE market.bar_1m SET batch_id = 2")
    assert said(restated, "2025-07-02T13:59:59Z") == ("forming", None, 0)
    assert said(restated, "2025-07-02T14:00Z") == ("closed", Decimal(180), 0)


def test_what_a_restatement_replaced_was_complete_only_with_its_last_trade(restated: Database) -> None:
    """The second transaction added to the bar, the third restated it."""
    trade = {"symbol": "ABC", "trading_date": "2025-07-02", "price": "10", "bar_start": START}
    times = [("2025-07-02T13:35:01+00:00", 1), ("2025-07-02T13:35:02+00:00", 2), ("2025-07-02T13:35:03+00:00", 3)]
    load(
        restated.owner_dsn,
        {"market.event": [trade | {"event_at": at, "batch_id": batch, "kafka_offset": batch} for at, batch in times]},
    )
    with psycopg.connect(restated.owner_dsn) as connection:
        connection.execute("DELETE FROM ops.restatement WHERE batch_id = 2")
    assert said(restated, "2025-07-02T13:59:59Z") == ("forming", None, 2)
    assert said(restated, "2025-07-02T14:00Z") == ("closed", Decimal(150), 2)


def test_the_week_s_restatements_by_provider(restated: Database) -> None:
    load(
        restated.owner_dsn,
        {
            "market.session": [
                {
                    "calendar": "XNYS",
                    "trading_date": "2025-07-02",
                    "pre_open_at": "2025-07-02T08:00Z",
                    "open_at": "2025-07-02T13:30Z",
                    "close_at": "2025-07-02T20:00Z",
                    "post_close_at": "2025-07-03T00:00Z",
                }
            ],
            "market.subscription": [{"trading_date": "2025-07-02", "symbol": "ABC", "provider": "first"}],
            "ops.stream_batch_source": [
                {"batch_id": 2, "provider": "second", "records": 1, "landed": 1},
                {"batch_id": 3, "provider": "second", "records": 1, "landed": 1},
                {"batch_id": 3, "provider": "third", "records": 1, "landed": 1},
            ],
            # Nobody subscribed: the batch tells whose it was, unless it was several's.
            "ops.restatement": [
                {
                    "symbol": "XYZ",
                    "trading_date": day,
                    "bar_start": f"{day}T15:00Z",
                    "batch_id": batch,
                    "new": figures(1),
                }
                for day, batch in (("2025-07-04", 2), ("2025-07-07", 2), ("2025-07-07", 3))
            ],
        },
    )
    with psycopg.connect(restated.operations_dsn) as connection:
        rows = connection.execute(
            "SELECT provider, week_start::text, restatements, bars FROM rollup.restatement_week ORDER BY 2, 1"
        ).fetchall()
    assert rows == [
        ("first", "2025-06-30", 3, 1),
        ("second", "2025-06-30", 1, 1),
        ("second", "2025-07-07", 1, 1),
        ("unknown", "2025-07-07", 1, 1),
    ]
