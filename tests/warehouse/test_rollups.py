"""Daily rollups on a real server: the cases in include/sql/rollups, and what holds for every one of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.rows import dict_row
from tests.database import Database
from tests.warehouse.rows import load, read_case, read_rows

from marketpulse import resources
from marketpulse.errors import OperatorError
from marketpulse.resources import include_path
from marketpulse.settings import Settings
from marketpulse.warehouse import rollups
from marketpulse.warehouse.corporate_actions import CorporateAction, record_actions
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
ROLLUPS = sorted(path for path in include_path("sql/rollups").iterdir() if path.is_dir())
# Coverage has runs of minutes instead of figures, and a test module of its own.
FIGURES = [path for path in ROLLUPS if path.name != "coverage"]
# Computed of days and not of a day.
SPANNING = ("daily_series", "period")
CASES = sorted(case for rollup in FIGURES for case in (rollup / "tests").iterdir())


@pytest.fixture
def recorded(database: Database) -> Database:
    """A database with the case `full_session`."""
    load(database.owner_dsn, read_case(include_path("sql/rollups/daily/tests/full_session")))
    return database


@pytest.fixture
def operations(database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.operations_dsn, autocommit=True) as connection:
        yield connection


def stored(dsn: str, trading_date: date) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(
            "SELECT * FROM rollup.daily WHERE trading_date = %s ORDER BY symbol, feed", (trading_date,)
        ).fetchall()


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda path: path.name)
def test_every_rollup_has_a_query_its_metadata_and_a_case(rollup: Path) -> None:
    assert (rollup / "query.sql").is_file()
    assert (rollup / "metadata.yaml").is_file()
    assert any((rollup / "tests").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_case(database: Database, case: Path) -> None:
    load(database.owner_dsn, read_case(case))
    expected = read_rows(case / "expect.yaml")
    actual = _computed(database, _metadata(case.parents[1]), expected)
    keys = [name for name in _metadata(case.parents[1])["grain"] if name in expected[0]]
    assert [[str(row[name]) for name in keys] for row in actual] == [
        [str(_as(row[name], wanted[name])) for name in keys] for row, wanted in zip(actual, expected, strict=True)
    ]
    for row, wanted in zip(actual, expected, strict=True):
        assert {name: row[name] for name in wanted} == {name: _as(row[name], text) for name, text in wanted.items()}


def _computed(database: Database, metadata: dict[str, Any], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that a rollup has after it was computed: of the expected day, or of every symbol's whole series."""
    table, order = sql.SQL(metadata["table"]), sql.SQL(", ").join(map(sql.Identifier, metadata["grain"]))
    if metadata["name"] in SPANNING:
        rows = [{"symbol": symbol, "from_date": "1900-01-01"} for symbol in {row["symbol"] for row in expected}]
        load(database.owner_dsn, {"ops.dirty_series": rows})
        compute_daily(database.operations_dsn)
        where: sql.Composable = sql.SQL("true")
    else:
        day = date.fromisoformat(expected[0]["trading_date"])
        compute_daily(database.operations_dsn, day, day)
        where = sql.SQL("trading_date = {}").format(day)
    with psycopg.connect(database.owner_dsn, row_factory=dict_row) as connection:
        query = sql.SQL("SELECT * FROM {} WHERE {} ORDER BY {}").format(table, where, order)
        return connection.execute(query).fetchall()


def _metadata(rollup: Path) -> dict[str, Any]:
    found = yaml.safe_load((rollup / "metadata.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def _as(actual: object, text: str | None) -> object:
    if text is None or isinstance(actual, str) or actual is None:
        return text
    if isinstance(actual, bool):
        return text == "true"
    if isinstance(actual, datetime):
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if isinstance(actual, date) else Decimal(text)


def test_computing_again_changes_nothing(recorded: Database) -> None:
    def rows() -> list[dict[str, Any]]:
        return [{**row, "computed_at": None} for row in stored(recorded.owner_dsn, DAY)]

    compute_daily(recorded.operations_dsn, DAY, DAY)
    first = rows()
    compute_daily(recorded.operations_dsn, DAY, DAY)
    compute_daily(recorded.operations_dsn, DAY)
    assert rows() == first != []


def test_without_dates_only_dirty_days_are_computed_once(recorded: Database, operations: psycopg.Connection) -> None:
    operations.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAY,))
    assert [day.trading_date for day in compute_daily(recorded.operations_dsn)] == [DAY]
    assert compute_daily(recorded.operations_dsn) == ()
    assert operations.execute("SELECT count(*) FROM ops.dirty_day").fetchone() == (0,)


def test_a_newer_poll_makes_the_day_stale_without_any_dirt(recorded: Database, operations: psycopg.Connection) -> None:
    compute_daily(recorded.operations_dsn, DAY, DAY)
    sweep = {"trading_date": DAY, "received_at": "now", "covered_from": DAY, "covered_until": "2025-07-03"}
    load(recorded.owner_dsn, {"ops.poll": [sweep]})
    assert [day.symbols for day in compute_daily(recorded.operations_dsn)] == [("ABC",)]
    assert compute_daily(recorded.operations_dsn) == ()


def test_an_old_poll_counts_until_the_day_is_computed_and_final(
    recorded: Database, operations: psycopg.Connection
) -> None:
    """Rollups that stood still for long: a computed day and a missing one."""
    old = datetime.now(UTC) - timedelta(days=9)
    poll = {"received_at": old, "covered_from": DAY, "covered_until": "2025-07-03"}
    compute_daily(recorded.operations_dsn, DAY, DAY)
    load(recorded.owner_dsn, {"ops.poll": [poll | {"trading_date": day} for day in (DAY, "2025-07-03")]})
    operations.execute("DELETE FROM ops.dirty_day")
    with psycopg.connect(recorded.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO market.session SELECT calendar, '2025-07-03', pre_open_at + '1 day', open_at + '1 day',"
            " close_at + '1 day', post_close_at + '1 day' FROM market.session WHERE trading_date = %s",
            (DAY,),
        )
    load(recorded.owner_dsn, {"market.subscription": [{"trading_date": "2025-07-03", "symbol": "XYZ"}]})
    assert [day.trading_date for day in compute_daily(recorded.operations_dsn)] == [DAY, date(2025, 7, 3)]
    assert compute_daily(recorded.operations_dsn) == ()


def test_dirt_added_while_a_day_is_computed_survives(
    recorded: Database, operations: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAY,))
    read = resources.read_sql

    def dirtying(name: str) -> str:
        if name == "rollups/daily/link":
            operations.execute("UPDATE ops.dirty_day SET revision = revision + 1")
        return read(name)

    monkeypatch.setattr(rollups, "read_sql", dirtying)
    compute_daily(recorded.operations_dsn)
    assert operations.execute("SELECT revision FROM ops.dirty_day").fetchall() == [(2,)]


def test_dirt_that_the_stream_is_writing_is_left_and_not_waited_for(
    recorded: Database, operations: psycopg.Connection
) -> None:
    operations.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAY,))
    with psycopg.connect(recorded.writer_dsn) as writer:
        writer.execute("UPDATE ops.dirty_day SET revision = revision + 1")
        assert len(compute_daily(recorded.operations_dsn)) == 1
    assert operations.execute("SELECT revision FROM ops.dirty_day").fetchall() == [(2,)]


def test_a_changed_close_reaches_the_next_session_only(recorded: Database, operations: psycopg.Connection) -> None:
    later = [
        {"symbol": "ABC", "trading_date": f"2025-07-{day:02}", "close": "10", "previous_close": 5} for day in (3, 7)
    ]
    load(recorded.owner_dsn, {"rollup.daily": later})
    compute_daily(recorded.operations_dsn, DAY, DAY)
    closes = operations.execute(
        "SELECT previous_close FROM rollup.daily WHERE trading_date > %s ORDER BY trading_date", (DAY,)
    )
    assert closes.fetchall() == [(Decimal("10.4"),), (Decimal(5),)]


def test_a_day_whose_facts_are_gone_has_no_row(recorded: Database) -> None:
    compute_daily(recorded.operations_dsn, DAY, DAY)
    with psycopg.connect(recorded.owner_dsn) as connection:
        connection.execute("DELETE FROM market.bar_1m")
        connection.execute("DELETE FROM market.subscription")
    compute_daily(recorded.operations_dsn, DAY, DAY)
    assert stored(recorded.owner_dsn, DAY) == []


def test_runs_at_once_agree(recorded: Database) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(5):
                compute_daily(recorded.operations_dsn, date(2025, 7, 1), date(2025, 7, 3))
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(stored(recorded.owner_dsn, DAY)) == 1


def test_a_failure_leaves_the_day_as_it_was(recorded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    compute_daily(recorded.operations_dsn, DAY, DAY)
    before = stored(recorded.owner_dsn, DAY)
    load(recorded.owner_dsn, {"ops.dirty_day": [{"symbol": "ABC", "trading_date": DAY}]})
    read = resources.read_sql
    monkeypatch.setattr(
        rollups, "read_sql", lambda name: "SELECT 1 / 0" if name == "rollups/clear_dirty" else read(name)
    )
    with pytest.raises(psycopg.errors.DivisionByZero):
        compute_daily(recorded.operations_dsn)
    assert stored(recorded.owner_dsn, DAY) == before


@pytest.mark.parametrize("rollup", FIGURES, ids=lambda path: path.name)
def test_every_column_has_its_formula_and_source(database: Database, rollup: Path) -> None:
    metadata = _metadata(rollup)
    schema, table = metadata["table"].split(".")
    with psycopg.connect(database.owner_dsn) as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        ).fetchall()
    assert {name for (name,) in columns} == {*metadata["grain"], *metadata["columns"], *metadata["bookkeeping"]}
    assert all(set(column) == {"formula", "source"} for column in metadata["columns"].values())


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(2025, 7, 3), DAY, "the range is reversed: it begins on 2025-07-03 and ends on 2025-07-02"),
        (date(2999, 1, 1), None, "2999-01-01 is in the future: nothing is recorded after"),
        (date(2999, 1, 1), date(2999, 1, 2), "2999-01-01 is in the future"),
    ],
)
def test_a_range_that_cannot_be_meant_is_refused(
    recorded: Database, first: date, last: date | None, message: str
) -> None:
    with pytest.raises(OperatorError, match=message):
        compute_daily(recorded.operations_dsn, first, last)
    assert len(stored(recorded.owner_dsn, DAY)) == 0


def test_fifty_years_cost_no_more_than_their_recorded_days(recorded: Database) -> None:
    days = compute_daily(recorded.operations_dsn, date(1975, 1, 1), date(2025, 12, 31))
    assert [day.trading_date for day in days] == [date(2025, 7, 1), DAY]


def test_an_unknown_calendar_stops_its_own_symbols_only(recorded: Database) -> None:
    other = {"symbol": "ZZZ", "trading_date": DAY, "calendar": "MARS"}
    with psycopg.connect(recorded.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO market.session SELECT 'MARS', trading_date, pre_open_at, open_at, close_at, post_close_at"
            " FROM market.session"
        )
    load(
        recorded.owner_dsn,
        {"market.subscription": [other], "ops.dirty_day": [{"symbol": "ZZZ", "trading_date": DAY}]},
    )
    with pytest.raises(OperatorError, match="unknown trading calendar 'MARS' of ZZZ: not computed, all else is"):
        compute_daily(recorded.operations_dsn)
    with psycopg.connect(recorded.owner_dsn) as connection:
        waiting = connection.execute("SELECT symbol, trading_date FROM ops.dirty_day").fetchall()
        series = connection.execute("SELECT symbol FROM rollup.daily_series WHERE trading_date = %s", (DAY,)).fetchall()
    assert waiting == [("ZZZ", DAY)]
    assert series == [("ABC",)]


@pytest.fixture
def sealed(recorded: Database) -> Database:
    """The recorded day computed, then its events dropped by retention."""
    compute_daily(recorded.operations_dsn, DAY, DAY)
    with psycopg.connect(recorded.owner_dsn) as connection:
        connection.execute("SELECT market.seal_event_day(%s, now() + INTERVAL '1 day')", (DAY,))
    return recorded


def test_a_sealed_day_is_refused_by_name_and_keeps_its_rollup(sealed: Database) -> None:
    before = stored(sealed.owner_dsn, DAY)
    with pytest.raises(OperatorError, match="2025-07-02 cannot be computed again: retention dropped the events"):
        compute_daily(sealed.operations_dsn, DAY, DAY)
    assert stored(sealed.owner_dsn, DAY) == before != []


def test_a_long_range_leaves_sealed_days_out_and_says_so(sealed: Database, caplog: pytest.LogCaptureFixture) -> None:
    before = stored(sealed.owner_dsn, DAY)
    days = compute_daily(sealed.operations_dsn, date(1975, 1, 1), DAY)
    assert [day.trading_date for day in days] == [date(2025, 7, 1)]
    assert "2025-07-02 cannot be computed again: retention dropped the events" in caplog.text
    assert stored(sealed.owner_dsn, DAY) == before != []


def test_a_sealed_day_that_is_dirty_keeps_its_figures_and_its_dirt_goes(
    sealed: Database, operations: psycopg.Connection
) -> None:
    before = stored(sealed.owner_dsn, DAY)
    operations.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAY,))
    assert compute_daily(sealed.operations_dsn) == ()
    assert stored(sealed.owner_dsn, DAY) == before
    assert operations.execute("SELECT count(*) FROM ops.dirty_day").fetchone() == (0,)


def test_a_failure_in_the_series_leaves_the_only_day_as_it_was(
    recorded: Database, operations: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_daily(recorded.operations_dsn, DAY, DAY)
    tables = ("bar", "coverage", "daily", "daily_series", "period")

    def everything() -> list[Any]:
        query = sql.SQL("SELECT * FROM rollup.{} ORDER BY 1, 2, 3, 4")
        return [operations.execute(query.format(sql.Identifier(table))).fetchall() for table in tables]

    before = everything()
    with psycopg.connect(recorded.owner_dsn) as connection:
        connection.execute("UPDATE market.bar_1m SET volume = volume + 1")
    read = resources.read_sql
    monkeypatch.setattr(
        rollups, "read_sql", lambda name: "SELECT 1 / 0" if name == "rollups/period/store" else read(name)
    )
    with pytest.raises(psycopg.errors.DivisionByZero):
        compute_daily(recorded.operations_dsn, DAY, DAY)
    assert everything() == before


def test_another_order_of_feeds_chooses_again(database: Database) -> None:
    load(database.owner_dsn, read_case(include_path("sql/rollups/bar/tests/feeds_and_restatements")))
    preferred = "SELECT DISTINCT feed FROM rollup.bar WHERE is_preferred AND interval_min = 60"
    compute_daily(database.operations_dsn, DAY, DAY)
    with psycopg.connect(database.operations_dsn, autocommit=True) as connection:
        order = [feed for (feed,) in connection.execute("SELECT feed FROM market.feed_preference ORDER BY rank")]
        assert tuple(order) == Settings().feed_order
        assert connection.execute(preferred).fetchall() == [("sip",)]
        compute_daily(database.operations_dsn, feed_order=("iex", "sip"))
        assert connection.execute(preferred).fetchall() == [("iex",)]
        assert connection.execute("SELECT feed FROM rollup.daily_series").fetchall() == [("iex",)]
        compute_daily(database.operations_dsn, feed_order=order)
        assert connection.execute(preferred).fetchall() == [("sip",)]
    with pytest.raises(OperatorError, match="names a feed twice: sip, sip"):
        compute_daily(database.operations_dsn, feed_order=("sip", "sip"))


def test_bars_of_every_length_add_up_to_the_same_hours(database: Database, operations: psycopg.Connection) -> None:
    load(database.owner_dsn, read_case(include_path("sql/rollups/bar/tests/covered_feed")))
    compute_daily(database.operations_dsn, DAY, DAY)
    totals = operations.execute(
        "SELECT interval_min, feed, sum(volume) FROM mart.fact_bar GROUP BY interval_min, feed ORDER BY interval_min"
    )
    assert totals.fetchall() == [(length, "iex", Decimal(2000)) for length in (5, 15, 60)]
    assert operations.execute("SELECT feed, volume FROM mart.fact_daily").fetchall() == [("iex", Decimal(2000))]


@pytest.mark.parametrize("case", ["another_feed_each_day", "quiet_sessions", "split_on_an_early_close"])
def test_the_shown_return_is_of_the_shown_closes(database: Database, operations: psycopg.Connection, case: str) -> None:
    rows = read_case(include_path(f"sql/rollups/daily_series/tests/{case}"))
    symbols = {row["symbol"] for row in rows["rollup.daily"]}
    dirty = [{"symbol": symbol, "from_date": "1900-01-01"} for symbol in sorted(symbols)]
    load(database.owner_dsn, {**rows, "ops.dirty_series": dirty})
    compute_daily(database.operations_dsn)
    shown = operations.execute(
        "SELECT return_1d, round(close / previous_close - 1, 8), previous_close_date < trading_date"
        " FROM mart.fact_daily WHERE previous_close IS NOT NULL AND close IS NOT NULL"
    ).fetchall()
    assert shown
    assert all(stored == by_hand and is_before for stored, by_hand, is_before in shown)
    assert operations.execute(
        "SELECT count(*) FROM mart.fact_daily WHERE previous_close IS NULL AND return_1d IS NOT NULL"
    ).fetchone() == (0,)


def test_a_changed_list_of_symbols_makes_other_series(database: Database, operations: psycopg.Connection) -> None:
    rows = read_case(include_path("sql/rollups/daily_series/tests/renamed_symbol"))
    dirty = [{"symbol": symbol, "from_date": "1900-01-01"} for symbol in ("NEW", "OLD")]
    load(database.owner_dsn, {"rollup.daily": rows["rollup.daily"], "ops.dirty_series": dirty})
    compute_daily(database.operations_dsn)
    query = "SELECT return_1d FROM mart.fact_daily WHERE symbol = 'NEW'"
    assert operations.execute(query).fetchall() == [(None,)]
    load(database.owner_dsn, {"market.symbol": rows["market.symbol"]})
    compute_daily(database.operations_dsn)
    assert operations.execute(query).fetchall() == [(Decimal("-0.875"),)]
    operations.execute("UPDATE market.symbol SET renamed_to = NULL WHERE symbol = 'OLD'")
    compute_daily(database.operations_dsn)
    assert operations.execute(query).fetchall() == [(None,)]


def test_a_split_under_the_new_symbol_reaches_the_old_ones_days(
    database: Database, operations: psycopg.Connection
) -> None:
    rows = read_case(include_path("sql/rollups/daily_series/tests/renamed_symbol"))
    dirty = [{"symbol": "OLD", "from_date": "1900-01-01"}]
    load(
        database.owner_dsn,
        {"market.symbol": rows["market.symbol"], "rollup.daily": rows["rollup.daily"], "ops.dirty_series": dirty},
    )
    compute_daily(database.operations_dsn)
    query = "SELECT adj_close FROM mart.fact_daily WHERE symbol = 'OLD' ORDER BY trading_date"
    assert [close for (close,) in operations.execute(query)] == [Decimal(100), Decimal(80), Decimal(3)]
    split = CorporateAction("NEW", date(2025, 7, 3), "split", split_from=Decimal(1), split_to=Decimal(10))
    record_actions(database.operations_dsn, [split], source="test")
    operations.execute("DELETE FROM ops.dirty_day")
    compute_daily(database.operations_dsn)
    assert [close for (close,) in operations.execute(query)] == [Decimal(10), Decimal(8), Decimal(3)]
