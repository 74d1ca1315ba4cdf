"""Upkeep on a real server: partitions, retention that seals, vacuum."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.warehouse.maintenance import apply_retention, ensure_partitions, vacuum

DAY = date(2025, 7, 2)
NOW = datetime.now(UTC)


@pytest.fixture
def history(database: Database) -> Database:
    load(database.owner_dsn, read_case(Path(__file__).parent / "proof" / "balanced"))
    return database


def test_partitions_stand_ahead_of_both_clocks(database: Database) -> None:
    moments = [datetime(2025, 7, 1, 23, tzinfo=UTC), datetime(2025, 7, 3, tzinfo=UTC)]
    names = ensure_partitions(database.operations_dsn, moments, days_ahead=2)
    assert names == tuple(f"event_2025070{day}" for day in range(1, 6))
    assert ensure_partitions(database.operations_dsn, moments, days_ahead=2) == names


def test_retention_counts_from_landing_and_seals(history: Database) -> None:
    assert DAY not in apply_retention(history.operations_dsn, now=NOW, retention_days=30)
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE market.event SET landed_at = landed_at - INTERVAL '40 days'")
        connection.execute("UPDATE market.event_superseded SET landed_at = landed_at - INTERVAL '31 days'")
    assert apply_retention(history.operations_dsn, now=NOW, retention_days=30) == (DAY,)
    with psycopg.connect(history.owner_dsn) as connection:
        assert connection.execute("SELECT trading_date, events, superseded FROM ops.sealed_day").fetchall() == [
            (DAY, 5, 1)
        ]
        assert connection.execute("SELECT count(*) FROM market.event_superseded").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM market.bar_1m").fetchone() == (1,)
        with pytest.raises(psycopg.errors.RaiseException, match="sealed"):
            connection.execute("SELECT market.ensure_event_partition(%s)", (DAY,))
    assert ensure_partitions(history.operations_dsn, [datetime(2025, 7, 2, tzinfo=UTC)], days_ahead=1) == (
        "event_20250703",
    )


def test_one_young_event_keeps_its_day(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE market.event SET landed_at = landed_at - INTERVAL '40 days' WHERE action = 'new'")
    assert DAY not in apply_retention(history.operations_dsn, now=NOW, retention_days=30)


def test_an_old_empty_day_goes_without_a_seal(database: Database) -> None:
    ensure_partitions(database.operations_dsn, [datetime(2020, 1, 6, tzinfo=UTC)], days_ahead=0)
    assert date(2020, 1, 6) in apply_retention(database.operations_dsn, now=NOW, retention_days=30)
    with psycopg.connect(database.owner_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ops.sealed_day").fetchone() == (0,)
        assert connection.execute("SELECT to_regclass('market.event_20200106')").fetchone() == (None,)


def test_a_busy_day_is_left_for_the_next_run(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE market.event SET landed_at = landed_at - INTERVAL '40 days'")
        connection.execute("UPDATE market.event_superseded SET landed_at = landed_at - INTERVAL '40 days'")
    with psycopg.connect(history.writer_dsn) as writer:
        writer.execute("UPDATE market.event SET quality = '{}'")
        assert DAY not in apply_retention(history.operations_dsn, now=NOW, retention_days=30)
    assert DAY in apply_retention(history.operations_dsn, now=NOW, retention_days=30)


def test_old_health_goes(database: Database) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        for age in (timedelta(days=40), timedelta(days=1)):
            connection.execute(
                "INSERT INTO ops.health (checked_at, market_at, state, detail) VALUES (%s, now(), 'ok', '{}')",
                (NOW - age,),
            )
    apply_retention(database.operations_dsn, now=NOW, retention_days=400)
    with psycopg.connect(database.owner_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ops.health").fetchone() == (1,)


def test_vacuum_takes_every_table(database: Database) -> None:
    assert vacuum(database.owner_dsn) > 20
    with psycopg.connect(database.owner_dsn) as connection:
        row = connection.execute("SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'bar_1m'")
        assert row.fetchone() == (True,)
