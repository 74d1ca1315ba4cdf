"""`marketpulse report`: one line whatever is wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse import cli
from marketpulse.resources import include_path
from marketpulse.settings import settings


@pytest.fixture(autouse=True)
def reader(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    case = read_case(include_path("sql/rollups/daily/tests/full_session"))
    load(database.owner_dsn, {"market.session": case["market.session"]})
    monkeypatch.setenv("MARKETPULSE_READER_DSN", database.reader_dsn)
    monkeypatch.setenv("MARKETPULSE_REPORT_DIR", str(tmp_path / "reports"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def run(monkeypatch: pytest.MonkeyPatch, *options: str) -> object:
    monkeypatch.setattr(sys, "argv", ["marketpulse", "report", *options])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


def test_the_report_lands_in_the_folder_of_reports_or_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--date", "2025-07-02") == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "reports" / "2025-07-02.html")
    wanted = tmp_path / "mine.html"
    assert run(monkeypatch, "--date", "2025-07-02", "--output", str(wanted)) == 0
    assert "Wednesday 2 July 2025" in wanted.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--date", "2025-13-01"), "marketpulse: '2025-13-01' is not a date: write it as 2026-11-20"),
        (("--date", "2999-01-01"), "marketpulse: 2999-01-01 is not recorded yet: the newest recorded session is"),
        (("--date", "1970-01-01"), "marketpulse: no session was recorded on 1970-01-01: use one from 2025-07-02"),
        (("--date", "2025-07-02", "--output", "/dev/null/x.html"), "marketpulse: the report cannot be written to"),
        ((), "marketpulse: Missing option '--date'"),
    ],
)
def test_what_cannot_be_reported_is_one_line_and_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert run(monkeypatch, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1
