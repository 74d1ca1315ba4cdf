"""Data-quality checks on a real server: silent on good data, and each finds what it is for."""

from datetime import date
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError
from marketpulse.warehouse.checks import check_names, read_check, run_checks
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
    "coverage_low": "UPDATE rollup.daily SET minutes_covered = 100",
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


def test_other_days_are_left_alone(good: Database) -> None:
    with psycopg.connect(good.owner_dsn) as connection:
        connection.execute("DELETE FROM market.bar_1m")
    assert all(result.offending == 0 for result in run_checks(good.operations_dsn, [date(2025, 7, 3)]))
