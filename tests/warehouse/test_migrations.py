"""Migrations on a real server: order, drift, destructive steps, a run that was killed."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.resources import include_path
from marketpulse.warehouse import migrations


@pytest.fixture
def empty_dsn(postgres: Database) -> Iterator[str]:
    """The owner's connection to a database without any migration."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS scratch WITH (FORCE)")
        connection.execute("CREATE DATABASE scratch OWNER marketpulse_owner")
        yield postgres.owner_dsn.rsplit("/", 1)[0] + "/scratch"
        connection.execute("DROP DATABASE scratch WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("-- First.\nCREATE TABLE public.first (id int);\nSELECT '50 %';\n")
    (tmp_path / "0002_second.sql").write_text("-- Second.\nALTER TABLE public.first ADD COLUMN name text;\n")
    return tmp_path


def test_the_shipped_migrations_apply_once_and_verify(empty_dsn: str) -> None:
    names = tuple(path.stem for path in sorted(include_path("sql/migrations").glob("*.sql")))
    # The fourth file made views before each had a file of its own; one of them has none now.
    shown = {path.stem for path in include_path("sql/mart").glob("*.sql")} | {"latest"}
    views = tuple(f"mart.{name}" for name in sorted(shown))
    assert tuple(m.migration_id for m in migrations.plan(empty_dsn).pending) == names
    assert migrations.apply(empty_dsn) == names + views
    assert migrations.apply(empty_dsn) == ()
    assert migrations.verify(empty_dsn) == names


def test_numbers_have_no_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted(include_path("sql/migrations").glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_plan_changes_nothing(empty_dsn: str, folder: Path) -> None:
    migrations.plan(empty_dsn, folder=folder)
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_an_edited_file_is_drift_and_is_named(empty_dsn: str, folder: Path) -> None:
    migrations.apply(empty_dsn, folder=folder)
    (folder / "0002_second.sql").write_text("-- Edited.\nSELECT 1;\n")
    for act in (migrations.plan, migrations.apply, migrations.verify):
        with pytest.raises(OperatorError, match=r"0002_second\.sql changed after it was applied"):
            act(empty_dsn, folder=folder)


def test_a_lost_file_and_a_late_number_are_refused(empty_dsn: str, folder: Path) -> None:
    migrations.apply(empty_dsn, folder=folder)
    (folder / "0001_second_thought.sql").write_text("SELECT 1;\n")
    with pytest.raises(OperatorError, match="renumber"):
        migrations.plan(empty_dsn, folder=folder)
    (folder / "0001_second_thought.sql").unlink()
    (folder / "0001_first.sql").unlink()
    with pytest.raises(OperatorError, match=r"0001_first\.sql was applied but its file is gone"):
        migrations.apply(empty_dsn, folder=folder)


def test_verify_names_what_is_pending(empty_dsn: str, folder: Path) -> None:
    with pytest.raises(OperatorError, match="pending: 0001_first, 0002_second"):
        migrations.verify(empty_dsn, folder=folder)


def test_a_failing_file_leaves_nothing_and_the_ones_before_it_stay(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE public.third (id int);\nSELECT no_such_column;\n")
    with pytest.raises(OperatorError, match=r"0003_third\.sql failed and left nothing"):
        migrations.apply(empty_dsn, folder=folder)
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("SELECT to_regclass('public.third')").fetchone() == (None,)
    (folder / "0003_third.sql").write_text("CREATE TABLE public.third (id int);\n")
    assert migrations.apply(empty_dsn, folder=folder) == ("0003_third",)


@pytest.mark.parametrize(
    ("statement", "is_destructive"),
    [
        ("DROP TABLE public.first;", True),
        ("ALTER TABLE public.first DROP COLUMN id;", True),
        ("ALTER TABLE public.first ALTER COLUMN id TYPE text;", True),
        ("TRUNCATE public.first;", True),
        ("ALTER TABLE public.first ADD COLUMN type text; -- DROP TABLE is only said here", False),
        ("CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE x; END; $$;", False),
    ],
)
def test_plan_shows_what_can_lose_data(empty_dsn: str, tmp_path: Path, statement: str, is_destructive: bool) -> None:
    (tmp_path / "0001_only.sql").write_text(statement)
    assert bool(migrations.plan(empty_dsn, folder=tmp_path).destructive) is is_destructive


def test_a_run_killed_before_its_mark_is_healed(empty_dsn: str, folder: Path) -> None:
    migrations.apply(empty_dsn, folder=folder)
    with psycopg.connect(empty_dsn) as connection:
        connection.execute("DELETE FROM public._yoyo_migration WHERE migration_id = '0002_second'")
        connection.execute("INSERT INTO public.yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4242)")
    (folder / "0003_third.sql").write_text("CREATE TABLE public.third (id int);\n")
    assert migrations.apply(empty_dsn, folder=folder) == ("0003_third",)
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM public._yoyo_migration").fetchone() == (3,)


def test_runs_at_once_apply_each_file_once(empty_dsn: str, folder: Path) -> None:
    done: list[tuple[str, ...]] = []
    threads = [Thread(target=lambda: done.append(migrations.apply(empty_dsn, folder=folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [(), (), ("0001_first", "0002_second")]


def test_a_silent_server_is_an_outage(postgres: Database) -> None:
    dsn = postgres.owner_dsn.replace(f":{postgres.server.port}/", ":1/")
    with pytest.raises(RetriableError, match="does not answer"):
        migrations.plan(dsn)


def test_stored_corrections_become_the_close_and_stored_days_say_what_they_are(empty_dsn: str, tmp_path: Path) -> None:
    """0013 over a database that was filled before it."""
    for path in include_path("sql/migrations").glob("*.sql"):
        if path.stem < "0013":
            shutil.copy(path, tmp_path)
    migrations.apply(empty_dsn, folder=tmp_path)
    day = date(2025, 7, 2)
    key = {"trading_date": day, "event_at": "2025-07-02T20:40:00+00:00", "price": 10, "auction": "close_report"}
    load(
        empty_dsn,
        {
            "market.session": [
                {"calendar": "XNYS", "trading_date": day}
                | dict.fromkeys(("pre_open_at", "open_at"), "2025-07-02T13:30Z")
                | dict.fromkeys(("close_at", "post_close_at"), "2025-07-02T20:00Z")
            ],
            "market.subscription": [{"trading_date": day, "symbol": "ABC", "synthetic": False}],
            "market.event": [
                key | {"symbol": "ABC", "conditions": ["9"], "synthetic": False},
                key | {"symbol": "DEF", "conditions": ["M"], "synthetic": True},
            ],
        },
    )
    with psycopg.connect(empty_dsn) as connection:
        for symbol, feed in (
            ("ABC", "sip"),
            ("DEF", "sip"),
            ("ABC", "round_the_clock"),
            ("GHI", "sip"),
            ("GHI", "replay"),
        ):
            connection.execute(
                "INSERT INTO rollup.daily (symbol, trading_date, feed, volume, notional, trade_count, volume_pre,"
                " volume_post, trade_count_pre, trade_count_post, minutes_with_trades)"
                " VALUES (%s, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0)",
                (symbol, day, feed),
            )
        connection.execute("TRUNCATE ops.dirty_series, ops.dirty_day")
    shutil.copy(include_path("sql/migrations/0013_official_close.sql"), tmp_path)
    assert migrations.apply(empty_dsn, folder=tmp_path) == ("0013_official_close",)
    with psycopg.connect(empty_dsn) as connection:
        auctions = connection.execute("SELECT symbol, auction FROM market.event ORDER BY symbol").fetchall()
        dirty = connection.execute("SELECT symbol FROM ops.dirty_day").fetchall()
        marks = connection.execute("SELECT symbol, feed, is_synthetic, is_live FROM rollup.daily ORDER BY 1, 2")
        assert marks.fetchall() == [
            ("ABC", "round_the_clock", True, False),
            ("ABC", "sip", False, True),
            ("DEF", "sip", True, False),
            ("GHI", "replay", None, False),
            ("GHI", "sip", None, True),
        ]
        again = connection.execute("SELECT symbol FROM ops.dirty_series ORDER BY symbol").fetchall()
    assert (auctions, dirty, again) == (
        [("ABC", "close_correction"), ("DEF", "close_report")],
        [("ABC",)],
        [("ABC",), ("GHI",)],
    )
