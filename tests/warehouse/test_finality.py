"""A day becomes final when everything is in, says what it waits for until then, and is restated by any later change."""

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.broker.topic import End
from marketpulse.errors import RetriableError
from marketpulse.resources import include_path
from marketpulse.warehouse.finality import finalise
from marketpulse.warehouse.rollups import compute_daily
from marketpulse.warehouse.topic_ends import TopicEnds

DAY = date(2025, 7, 2)
SWEEP = {
    "trading_date": DAY,
    "purpose": "sweep",
    "covered_from": "2025-07-02T08:00Z",
    "covered_until": "2025-07-03T00:00Z",
    "market_at": "2025-07-03T00:20Z",
}
LEDGER = {"topic": "stock_analysis", "partition": 0, "next_offset": 7}


def ends(offset: int = 7) -> Callable[[], TopicEnds]:
    return lambda: {("stock_analysis", 0): End("t", offset)}


def prepare(database: Database, *, sweep: dict[str, Any] | None = None, balanced: bool | None = True) -> None:
    """The case `full_session`, swept, landed, computed and proved, but for what a test leaves out."""
    load(database.owner_dsn, read_case(include_path("sql/rollups/daily/tests/full_session")))
    load(database.owner_dsn, {"ops.poll": [SWEEP] if sweep is None else [SWEEP | sweep], "ops.stream_ledger": [LEDGER]})
    compute_daily(database.operations_dsn, DAY, DAY)
    if balanced is not None:
        prove(database, balanced=balanced)


def prove(database: Database, *, balanced: bool = True) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.proof (date_from, date_to, balanced, equations) VALUES (%s, %s, %s, '[]')",
            (DAY, DAY, balanced),
        )


def state(database: Database) -> tuple[Any, ...] | None:
    with psycopg.connect(database.owner_dsn) as connection:
        return connection.execute(
            "SELECT state, version, finalised_at IS NOT NULL FROM rollup.daily WHERE trading_date = %s", (DAY,)
        ).fetchone()


def waits_for(database: Database, *, offset: int = 7) -> list[str | None]:
    return [day.waits_for for day in finalise(database.operations_dsn, ends(offset))]


def test_a_complete_day_becomes_final_once(database: Database) -> None:
    prepare(database)
    assert waits_for(database) == [None]
    assert state(database) == ("final", 1, True)
    assert waits_for(database) == []


@pytest.mark.parametrize(
    ("sweep", "balanced", "damage", "missing"),
    [
        ({"purpose": "poll"}, True, "SELECT 1", "the sweep of the whole session"),
        ({"covered_until": "2025-07-02T23:00Z"}, True, "SELECT 1", "the sweep of the whole session"),
        ({"outcome": "transient"}, True, "SELECT 1", "the sweep of the whole session"),
        ({"symbols": ["XYZ"]}, True, "SELECT 1", "the sweep of the whole session"),
        ({"market_at": "2025-07-02T23:59Z"}, True, "SELECT 1", "the sweep of the whole session"),
        (
            {},
            True,
            "UPDATE ops.stream_ledger SET next_offset = 6",
            "the stream to pass where the topics ended after the sweep",
        ),
        (
            {},
            True,
            "DELETE FROM ops.stream_ledger",
            "the stream to pass where the topics ended after the sweep",
        ),
        ({}, True, "INSERT INTO ops.dirty_day VALUES ('ABC', '2025-07-02')", "its recomputation"),
        ({}, True, "UPDATE rollup.daily SET poll_id = 1", "its recomputation"),
        ({}, False, "SELECT 1", "a proof that balances"),
        ({}, None, "SELECT 1", "a proof that balances"),
        ({}, True, "UPDATE rollup.daily SET computed_at = now() + INTERVAL '1 minute'", "a proof that balances"),
        (
            {},
            True,
            "UPDATE rollup.coverage SET status = 'missing', reason = 'unexplained' WHERE reason = 'no_trade'",
            "the reason of missing minutes",
        ),
    ],
)
def test_what_a_day_waits_for(
    database: Database, sweep: dict[str, Any], balanced: bool | None, damage: str, missing: str
) -> None:
    prepare(database, sweep=sweep, balanced=balanced)
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(damage)
    assert waits_for(database) == [missing]
    assert state(database) == ("provisional", 1, False)


def test_a_day_computed_before_anything_was_answered_is_computed_again_first(database: Database) -> None:
    case = read_case(include_path("sql/rollups/daily/tests/full_session"))
    load(database.owner_dsn, {table: rows for table, rows in case.items() if table != "ops.poll"})
    compute_daily(database.operations_dsn, DAY, DAY)
    prove(database)
    load(database.owner_dsn, {"ops.poll": [SWEEP], "ops.stream_ledger": [LEDGER]})
    assert waits_for(database) == ["its recomputation"]
    assert [day.trading_date for day in compute_daily(database.operations_dsn)] == [DAY]
    prove(database)
    assert waits_for(database) == [None]


@pytest.mark.parametrize("polled_until", [None, "2025-07-02T19:00Z"])
def test_a_day_whose_producer_never_swept_it_is_never_final(database: Database, polled_until: str | None) -> None:
    """Killed at 15:00 and never started again, or killed before its first poll."""
    poll = SWEEP | {"purpose": "poll", "covered_until": polled_until or "2025-07-02T08:00Z"}
    prepare(database, sweep=poll | {"outcome": "ok" if polled_until else "transient"})
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE rollup.daily SET minutes_covered = minutes_expected")
    for _ in range(2):
        assert waits_for(database) == ["the sweep of the whole session"]
    assert state(database) == ("provisional", 1, False)


def test_a_day_waits_for_the_ends_after_its_sweep_and_for_no_later_ones(database: Database) -> None:
    prepare(database)
    waiting = "the stream to pass where the topics ended after the sweep"
    assert waits_for(database, offset=9) == [waiting]
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_ledger SET next_offset = 9")
    assert waits_for(database, offset=99) == [None]


def test_a_topic_made_anew_since_the_sweep_says_nothing_about_it(database: Database) -> None:
    prepare(database)
    assert waits_for(database, offset=9) == ["the stream to pass where the topics ended after the sweep"]
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_ledger SET topic_id = 'anew', next_offset = 99")
    assert waits_for(database) == ["another sweep: a topic was made anew since"]
    assert state(database) == ("provisional", 1, False)


def test_nothing_changes_while_kafka_is_away(database: Database) -> None:
    def away() -> TopicEnds:
        raise RetriableError("Kafka does not answer")

    prepare(database)
    with pytest.raises(RetriableError):
        finalise(database.operations_dsn, away)
    assert state(database) == ("provisional", 1, False)


def test_a_later_change_restates_the_day_and_each_change_counts(database: Database) -> None:
    prepare(database)
    finalise(database.operations_dsn, ends())
    compute_daily(database.operations_dsn, DAY, DAY)
    assert state(database) == ("final", 1, True)
    for version in (2, 3):
        with psycopg.connect(database.owner_dsn) as connection:
            connection.execute("UPDATE market.bar_1m SET volume = volume + 1 WHERE session_part = 'pre'")
            connection.execute("INSERT INTO ops.dirty_day VALUES ('ABC', %s)", (DAY,))
        compute_daily(database.operations_dsn)
        assert state(database) == ("restated", version, True)


def test_a_changed_close_restates_the_day_after_it(database: Database) -> None:
    prepare(database)
    finalise(database.operations_dsn, ends())
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM rollup.daily WHERE trading_date < %s", (DAY,))
        connection.execute("INSERT INTO ops.dirty_day VALUES ('ABC', '2025-07-01')")
    load(
        database.owner_dsn,
        {
            "market.session": [
                {
                    "calendar": "XNYS",
                    "trading_date": "2025-07-01",
                    "pre_open_at": "2025-07-01T08:00Z",
                    "open_at": "2025-07-01T13:30Z",
                    "close_at": "2025-07-01T20:00Z",
                    "post_close_at": "2025-07-02T00:00Z",
                }
            ],
            "market.subscription": [{"trading_date": "2025-07-01", "symbol": "ABC"}],
        },
    )
    compute_daily(database.operations_dsn)
    assert state(database) == ("restated", 2, True)


def test_a_week_is_final_when_its_days_are_and_the_next_session_is_in_another(database: Database) -> None:
    prepare(database)
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM rollup.daily WHERE trading_date < %s", (DAY,))
        connection.execute("DELETE FROM rollup.daily_series")
        connection.execute("UPDATE rollup.daily SET next_date = '2025-07-07'")
        finalise(database.operations_dsn, ends())
        rows = connection.execute("SELECT period, state FROM rollup.period ORDER BY period").fetchall()
    assert rows == [("month", "provisional"), ("week", "final")]
