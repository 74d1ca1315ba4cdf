"""Data-quality checks on a real server: silent on good data, and each finds what it is for."""

from datetime import date
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError
from marketpulse.warehouse.check_files import check_names, check_run, read_check
from marketpulse.warehouse.checks import run_checks
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)

# What to do to a good day, and the checks that must notice.
DAMAGES = {
    "bar_prices_ordered": "UPDATE market.bar_1m SET open = high + 1",
    "bar_amounts_plausible": "UPDATE market.bar_1m SET volume = -1",
    "bars_without_events": "UPDATE market.event SET action = 'cancel'",
    "events_without_bar": "DELETE FROM market.bar_1m",
    "event_in_its_minute": "UPDATE market.event SET bar_start = bar_start + INTERVAL '1 minute'",
    "daily_equals_bars": "UPDATE rollup.daily SET volume_post = 1",
    "daily_prices_ordered": "UPDATE rollup.daily SET low = high + 1",
    "superseded_without_current": "DELETE FROM market.event WHERE action = 'cancel'",
    "superseded_outranks_current": "UPDATE market.event SET action = 'correct' WHERE action = 'cancel';"
    "UPDATE market.event_superseded SET action = 'cancel', entity_id ="
    " (SELECT entity_id FROM market.event WHERE action = 'correct')",
    "coverage_equals_daily": "UPDATE rollup.daily SET minutes_with_trades = minutes_with_trades + 1",
    "coverage_gapless": "UPDATE rollup.coverage SET range_end = range_end + INTERVAL '1 minute'"
    " WHERE session_part = 'pre'",
    "coverage_low": "UPDATE rollup.coverage SET reason = 'our_outage' WHERE session_part = 'regular' AND reason <> '';"
    "UPDATE rollup.daily SET minutes_covered = minutes_with_trades",
    "coverage_unexplained": "UPDATE rollup.coverage SET reason = 'unexplained'"
    " WHERE session_part = 'post' AND status = 'missing'",
    "feed_silent": "INSERT INTO rollup.coverage"
    " (symbol, feed, trading_date, range_start, range_end, session_part, status, reason)"
    " SELECT 'XYZ', feed, trading_date, range_start, range_end, session_part, status, reason FROM rollup.coverage",
    "reconciliation_differences": "INSERT INTO rollup.reconciliation"
    " (symbol, feed, trading_date, field, ours, official, within, volume_scope, explanation, provider, entity_id)"
    " VALUES ('ABC', 'sip', '2025-07-02', 'high', 10, 11, false, 'consolidated', 'none', 'p', gen_random_uuid())",
    "unexplained_jumps": "UPDATE rollup.daily SET previous_close = close / 2",
}


@pytest.fixture
def good(database: Database) -> Database:
    load(database.owner_dsn, read_case(Path(__file__).parent / "proof" / "balanced"))
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "UPDATE market.event_superseded"
            " SET entity_id = (SELECT entity_id FROM market.event WHERE action = 'cancel')"
        )
    compute_daily(database.operations_dsn, DAY, DAY)
    return database


def test_good_data_passes_and_every_result_is_kept(good: Database) -> None:
    results = run_checks(good.operations_dsn, [DAY])
    assert [result.check_name for result in results if result.offending] == []
    with psycopg.connect(good.operations_dsn) as connection:
        kept = connection.execute("SELECT check_name FROM ops.check_result ORDER BY check_name").fetchall()
    assert tuple(name for (name,) in kept) == check_names()


def test_every_check_is_put_to_the_test() -> None:
    assert sorted(DAMAGES) == list(check_names())


@pytest.mark.parametrize("name", sorted(DAMAGES))
def test_a_check_finds_what_it_is_for(good: Database, name: str) -> None:
    with psycopg.connect(good.owner_dsn) as connection:
        connection.execute(DAMAGES[name])
    if read_check(name)[0] == "warning":
        results = run_checks(good.operations_dsn, [DAY])
        assert [result.check_name for result in results if result.offending] == [name]
        return
    with pytest.raises(OperatorError, match=name):
        run_checks(good.operations_dsn, [DAY])
    with psycopg.connect(good.operations_dsn) as connection:
        row = connection.execute(
            "SELECT offending, sample FROM ops.check_result WHERE check_name = %s", (name,)
        ).fetchone()
    assert row is not None
    assert row[0] == len(row[1]) > 0


def test_a_check_answers_in_one_row_as_its_operator_wants_it(good: Database) -> None:
    run = check_run("bars_without_events", [DAY, date(2025, 7, 3), DAY])
    with psycopg.connect(good.operations_dsn) as connection:
        assert connection.execute(run.sql, run.parameters).fetchone() == (True, "nothing found")
        connection.execute("SELECT 1")
    with psycopg.connect(good.owner_dsn) as connection:
        connection.execute(DAMAGES["bars_without_events"])
    with psycopg.connect(good.operations_dsn) as connection:
        passed, summary = connection.execute(run.sql, run.parameters).fetchone() or (None, "")
        kept = connection.execute(
            "SELECT trading_date, severity, offending FROM ops.check_result ORDER BY checked_at, 1"
        )
        assert kept.fetchall()[2:] == [(DAY, "error", 1), (date(2025, 7, 3), "error", 0)]
    assert passed is False
    assert summary.startswith("2025-07-02: 1 rows, first {")


def test_no_day_at_all_passes(good: Database) -> None:
    for name in check_names():
        run = check_run(name, [])
        with psycopg.connect(good.operations_dsn) as connection:
            assert connection.execute(run.sql, run.parameters).fetchone() == (True, "nothing found")


def test_other_days_are_left_alone(good: Database) -> None:
    with psycopg.connect(good.owner_dsn) as connection:
        connection.execute("DELETE FROM market.bar_1m")
    assert all(result.offending == 0 for result in run_checks(good.operations_dsn, [date(2025, 7, 3)]))
