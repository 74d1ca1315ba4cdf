"""From the database to the file, with the roles that may read nothing but the mart."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.report import reading
from marketpulse.report.file import report_dir, report_path, write_report
from marketpulse.report.reading import read_session
from marketpulse.resources import include_path
from marketpulse.settings import load_settings
from marketpulse.warehouse.checks import run_checks
from marketpulse.warehouse.dimensions import fill_dimensions
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
FIVE_MINUTES = {
    "symbol": "ABC",
    "feed": "sip",
    "interval_min": 5,
    "bar_start": "2025-07-02T13:30Z",
    "session_part": "regular",
    "trading_date": DAY,
    "open": "10.05",
    "high": "10.3",
    "low": "10",
    "close": "10.2",
    "volume": 1500,
    "notional": 15200,
    "trade_count": 15,
    "minutes_with_trades": 2,
    "is_restated": True,
    "is_preferred": True,
    "volume_scope": "consolidated",
}
RESTATED = {
    "symbol": "ABC",
    "bar_start": "2025-07-02T13:34Z",
    "trading_date": DAY,
    "old": {"close": "10.1", "volume": "400", "trade_count": 4},
    "new": {"close": "10.2", "volume": "500", "trade_count": 5},
    "causes": [{"action": "new"}],
}


def insert(dsn: str, table: str, **row: Any) -> None:
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in row.values()]
    with psycopg.connect(dsn) as connection:
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(*table.split(".")),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join([sql.Placeholder()] * len(row)),
            ),
            values,
        )


@pytest.fixture
def recorded(database: Database) -> Database:
    """A computed day of one symbol, with an intraday bar, a restatement, checks and a reconciled field."""
    load(database.owner_dsn, read_case(include_path("sql/rollups/daily/tests/full_session")))
    fill_dimensions(database.operations_dsn, "XNYS")
    compute_daily(database.operations_dsn, DAY, DAY)
    # The case has fewer trades than bars; what the checks make of that is the report's to show.
    with contextlib.suppress(OperatorError):
        run_checks(database.operations_dsn, [DAY])
    owner = database.owner_dsn
    with psycopg.connect(owner) as connection:
        connection.execute("DELETE FROM rollup.bar")
    insert(owner, "rollup.bar", **FIVE_MINUTES)
    batch = {"batch_id": 1, "first_offset": 0, "last_offset": 0, "records": 1, "landed": 1}
    load(owner, {"ops.stream_batch": [batch], "ops.restatement": [RESTATED]})
    insert(
        owner,
        "rollup.reconciliation",
        symbol="ABC",
        feed="sip",
        trading_date=DAY,
        field="close",
        ours="10.4",
        official="10.5",
        tolerance="0.01",
        within=False,
        volume_scope="consolidated",
        explanation="<late correction>",
        provider="alpaca",
        entity_id="00000000-0000-0000-0000-000000000001",
    )
    return database


@pytest.mark.parametrize("role", ["reader", "operations"])
def test_a_session_is_read_by_either_role(recorded: Database, role: str) -> None:
    dsn = {"reader": recorded.reader_dsn, "operations": recorded.operations_dsn}[role]
    facts = read_session(dsn, DAY)
    assert [session.calendar for session in facts.sessions] == ["XNYS"]
    assert facts.interval_min == 5
    assert [(day.symbol, day.feed, day.minutes_expected) for day in facts.days] == [("ABC", "sip", 390)]
    assert [(bar.bar_start_local, bar.is_restated) for bar in facts.bars] == [(datetime(2025, 7, 2, 9, 30), True)]  # noqa: DTZ001
    assert [(row.volume, row.symbols) for row in facts.volumes] == [(Decimal(1500), 1)]
    assert sum(row.minutes for row in facts.reasons if row.session_part == "regular") == 390
    assert facts.stretches
    assert [(row.cause, row.in_all) for row in facts.restatements] == [("late trade", 1)]
    assert len(facts.checks) >= 10
    assert [row.is_within for row in facts.reconciliation] == [False]
    assert facts.pipeline is not None


def test_the_file_is_put_in_place_whole_and_readable(recorded: Database, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "report.html"
    made_at = datetime(2025, 7, 3, 1, tzinfo=UTC)
    assert write_report(recorded.reader_dsn, DAY, path, generated_at=made_at) == path
    text = path.read_text(encoding="utf-8")
    assert "Wednesday 2 July 2025" in text
    assert "&lt;late correction&gt;" in text
    assert "close <del>10.10</del> → <ins>10.20</ins>" in text
    assert path.stat().st_mode & 0o777 == 0o644
    write_report(recorded.reader_dsn, DAY, path, generated_at=made_at)
    assert path.read_text(encoding="utf-8") == text
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_a_recorded_session_of_which_nothing_came_is_a_report(database: Database) -> None:
    load(database.owner_dsn, {"market.session": read_case(_full_session())["market.session"]})
    fill_dimensions(database.operations_dsn, "XNYS")
    facts = read_session(database.reader_dsn, DAY)
    assert (facts.days, facts.bars, facts.reasons) == ((), (), ())
    assert "XNYS" in {session.calendar for session in facts.sessions}


def test_an_empty_database_has_nothing_to_report(database: Database) -> None:
    with pytest.raises(OperatorError, match=r"^no session was recorded yet"):
        read_session(database.reader_dsn, DAY)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2999, 1, 1), "2999-01-01 is not recorded yet: the newest recorded session is 2025-07-02"),
        (date(2025, 6, 30), "no session was recorded on 2025-06-30: use one from 2025-07-02 to 2025-07-02"),
        (date(2025, 6, 28), "no session was recorded on 2025-06-28, which is no trading day: use one from"),
    ],
)
def test_a_date_that_nobody_watched_is_one_line(recorded: Database, day: date, said: str) -> None:
    with pytest.raises(OperatorError) as raised:
        read_session(recorded.reader_dsn, day)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_a_role_whose_time_is_up_is_told_so(recorded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(recorded.superuser_dsn, autocommit=True) as connection:
        before = connection.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'marketpulse_reader'").fetchone()
        connection.execute("ALTER ROLE marketpulse_reader SET statement_timeout TO '50ms'")
        try:
            monkeypatch.setattr(reading, "read_sql", lambda _name: "SELECT pg_sleep(5)")
            with pytest.raises(RetriableError, match="took longer than its database role may"):
                read_session(recorded.reader_dsn, DAY)
        finally:
            kept = [text for text in (before or [None])[0] or [] if text.startswith("statement_timeout=")]
            value = kept[0].partition("=")[2] if kept else None
            connection.execute(
                sql.SQL("ALTER ROLE marketpulse_reader SET statement_timeout TO {}").format(sql.Literal(value))
                if value
                else sql.SQL("ALTER ROLE marketpulse_reader RESET statement_timeout")
            )


def test_a_role_that_may_not_read_the_mart_is_told_which_may(recorded: Database) -> None:
    with pytest.raises(OperatorError, match="may not read the mart"):
        read_session(recorded.writer_dsn, DAY)


def test_a_database_without_the_mart_is_told_what_to_run(recorded: Database) -> None:
    elsewhere = recorded.superuser_dsn
    with pytest.raises(OperatorError, match="marketpulse migrate apply"):
        read_session(elsewhere, DAY)


def test_a_file_that_cannot_be_written_is_one_line(recorded: Database, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be written"):
        write_report(recorded.reader_dsn, DAY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reports_lie_in_the_folder_of_the_setting_else_in_the_state_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MARKETPULSE_STATE_DIR", str(tmp_path))
    assert report_path(report_dir(load_settings(report_dir="")), DAY) == tmp_path / "reports" / "2025-07-02.html"
    assert report_dir(load_settings(report_dir="/srv/reports")) == Path("/srv/reports")


def _full_session() -> Path:
    return include_path("sql/rollups/daily/tests/full_session")
