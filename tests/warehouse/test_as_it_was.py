"""What a bar said at a moment of market time, and how many bars were restated a week, from the sink's own accounts."""

from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from tests.database import Database
from tests.warehouse.rows import load

START = "2025-07-02T13:35Z"
CLOSES_FROM = "2025-07-02T13:37:00+00:00"


def figures(volume: int) -> dict[str, Any]:
    return {"open": "10", "high": "10", "low": "10", "close": "10", "volume": str(volume), "trade_count": 1}


@pytest.fixture
def restated(database: Database) -> Database:
    """Landed at 13:36:05, closed by the trade that landed at 13:37, restated at 14:00 and, twice, at 15:00."""
    batches = [
        {"batch_id": number, "first_offset": number, "last_offset": number, "records": 1, "landed": 1, "market_at": at}
        for number, at in enumerate(
            (
                "2025-07-02T13:36:05Z",
                "2025-07-02T13:37Z",
                "2025-07-02T14:00Z",
                "2025-07-02T15:00Z",
                "2025-07-02T15:00Z",
            ),
            start=1,
        )
    ]
    changes = [
        (3, 100, 150, "2025-07-02T14:00Z"),
        (4, 150, 170, "2025-07-02T15:00Z"),
        (5, 170, 180, "2025-07-02T15:00Z"),
    ]
    load(
        database.owner_dsn,
        {
            "market.bar_1m": [
                {"symbol": "ABC", "trading_date": "2025-07-02", "bar_start": START, "notional": 1800, "batch_id": 5}
                | figures(180)
            ],
            "market.event": [
                {"symbol": "ABC", "trading_date": "2025-07-02", "price": "10", "batch_id": 2, "event_at": CLOSES_FROM}
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


def execute(database: Database, *statements: LiteralString) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        for statement in statements:
            connection.execute(statement)


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
    execute(restated, "UPDATE ops.restatement SET old = NULL WHERE batch_id = 3")
    assert said(restated, "2025-07-02T13:40Z") == ("absent", None, 3)
    assert said(restated, "2025-07-02T14:00Z") == ("closed", Decimal(150), 2)


def test_a_bar_whose_trades_were_all_taken_back_is_absent_since(restated: Database) -> None:
    execute(restated, "UPDATE ops.restatement SET new = NULL WHERE batch_id = 5", "DELETE FROM market.bar_1m")
    assert said(restated, "2025-07-02T14:59Z") == ("closed", Decimal(150), 2)
    assert said(restated, "2025-07-02T15:00Z") == ("absent", None, 0)


def test_the_delay_that_was_set_when_the_event_landed_decides(restated: Database) -> None:
    execute(restated, "UPDATE ops.stream_batch SET bar_close_s = 61 WHERE batch_id = 2")
    assert said(restated, "2025-07-02T13:59:59Z") == ("forming", None, 3)
    execute(
        restated,
        "UPDATE ops.stream_batch SET bar_close_s = 0, market_at = '2025-07-02T13:36:30Z' WHERE batch_id = 2",
        "UPDATE market.event SET event_at = '2025-07-02T13:36Z', event_time_ns = event_time_ns - 60000000000",
    )
    assert said(restated, "2025-07-02T13:36:29Z") == ("forming", None, 3)
    assert said(restated, "2025-07-02T13:36:30Z") == ("closed", Decimal(100), 3)


def test_a_stamp_ahead_of_the_market_clock_closes_nothing(restated: Database) -> None:
    execute(restated, "UPDATE ops.stream_batch SET market_at = '2025-07-02T13:36:59Z' WHERE batch_id = 2")
    assert said(restated, "2025-07-02T13:59:59Z") == ("forming", None, 3)


def test_until_a_later_event_landed_the_bar_was_forming(restated: Database) -> None:
    execute(restated, "UPDATE ops.stream_batch SET market_at = '2025-07-02T13:50Z' WHERE batch_id = 2")
    assert said(restated, "2025-07-02T13:49Z") == ("forming", None, 3)
    assert said(restated, "2025-07-02T13:50Z") == ("closed", Decimal(100), 3)


def test_an_event_that_was_replaced_since_closed_the_bar_when_it_landed(restated: Database) -> None:
    execute(restated, "UPDATE market.event SET batch_id = 3")
    assert said(restated, "2025-07-02T13:59Z") == ("forming", None, 3)
    replaced = {"symbol": "ABC", "trading_date": "2025-07-02", "batch_id": 2, "superseded_batch_id": 3}
    load(restated.owner_dsn, {"market.event_superseded": [replaced | {"event_at": CLOSES_FROM}]})
    assert said(restated, "2025-07-02T13:36:59Z") == ("forming", None, 3)
    assert said(restated, "2025-07-02T13:37Z") == ("closed", Decimal(100), 3)


def test_a_snapshot_closes_nothing(restated: Database) -> None:
    execute(restated, "UPDATE market.event SET endpoint = 'alpaca.snapshots'")
    assert said(restated, "2025-07-02T13:59Z") == ("forming", None, 3)
    # A restatement is a change of a closed bar.
    assert said(restated, "2025-07-02T14:00Z") == ("closed", Decimal(150), 2)


def test_the_session_s_end_closes_what_nothing_followed(restated: Database) -> None:
    execute(
        restated,
        "DELETE FROM market.event",
        "DELETE FROM ops.restatement",
        "INSERT INTO market.session VALUES ('XNYS', '2025-07-02', '2025-07-02T08:00Z', '2025-07-02T13:30Z',"
        " '2025-07-02T20:00Z', '2025-07-03T00:00Z')",
        "INSERT INTO market.subscription VALUES ('2025-07-02', 'ABC', 'sip', 'XNYS', 'alpaca')",
    )
    assert said(restated, "2025-07-02T23:59:59Z") == ("forming", None, 0)
    assert said(restated, "2025-07-03T00:00Z") == ("closed", Decimal(180), 0)


def test_a_day_whose_events_are_gone_is_closed(restated: Database) -> None:
    execute(
        restated,
        "DELETE FROM market.event",
        "INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES ('2025-07-02', 1, 0)",
    )
    assert said(restated, "2025-07-02T13:37Z") == ("closed", Decimal(100), 3)


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
                {"batch_id": 3, "provider": "second", "records": 1, "landed": 1},
                {"batch_id": 4, "provider": "second", "records": 1, "landed": 1},
                {"batch_id": 4, "provider": "third", "records": 1, "landed": 1},
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
                for day, batch in (("2025-07-04", 3), ("2025-07-07", 3), ("2025-07-07", 4))
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
