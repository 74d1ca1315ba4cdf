"""Importing halts: what a good file leads to, and that a bad one leads to nothing but its error."""

from datetime import date
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path
from marketpulse.warehouse.halts import ImportedHalts, import_halts, read_halts
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
HEAD = "symbol,halted_at,resumed_at,reason\n"
GOOD = "abc,2025-07-02T09:33:00-04:00,2025-07-02T13:36:00Z,T1\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "halts.csv"
    file.write_text(text, encoding="utf-8")
    return file


def reasons(database: Database) -> set[str]:
    with psycopg.connect(database.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT DISTINCT reason FROM rollup.coverage WHERE session_part = 'regular'"
        ).fetchall()
    return {reason for (reason,) in rows}


@pytest.fixture
def quiet_day(database: Database) -> Database:
    """A day without a trade, polled from end to end."""
    case = read_case(include_path("sql/rollups/coverage/tests/halted_by_a_file"))
    load(
        database.owner_dsn, {name: rows for name, rows in case.items() if name not in ("market.bar_1m", "market.halt")}
    )
    compute_daily(database.operations_dsn, DAY, DAY)
    return database


def test_a_halt_dirties_its_days_and_becomes_the_reason(quiet_day: Database, tmp_path: Path) -> None:
    assert reasons(quiet_day) == {"no_trade"}
    file = written(tmp_path, HEAD + GOOD)
    assert import_halts(quiet_day.operations_dsn, file) == ImportedHalts(lines=1, changed=1, dirtied=1)
    assert [day.trading_date for day in compute_daily(quiet_day.operations_dsn)] == [DAY]
    assert reasons(quiet_day) == {"halted", "no_trade"}


def test_the_same_file_again_changes_nothing(quiet_day: Database, tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + GOOD)
    import_halts(quiet_day.operations_dsn, file)
    assert import_halts(quiet_day.operations_dsn, file) == ImportedHalts(lines=1, changed=0, dirtied=0)


def test_a_halt_that_goes_on_touches_every_day_from_then_on(quiet_day: Database, tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + "ABC,2025-01-02T15:00:00Z,,\nXYZ,2025-01-02T15:00:00Z,,\n")
    assert import_halts(quiet_day.operations_dsn, file) == ImportedHalts(lines=2, changed=2, dirtied=1)


def test_a_halt_told_shorter_leaves_no_day_halted_that_it_no_longer_touches(
    quiet_day: Database, tmp_path: Path
) -> None:
    import_halts(quiet_day.operations_dsn, written(tmp_path, HEAD + "ABC,2025-07-01T15:00:00Z,,\n"))
    compute_daily(quiet_day.operations_dsn)
    assert reasons(quiet_day) == {"halted"}
    shorter = written(tmp_path, HEAD + "ABC,2025-07-01T15:00:00Z,2025-07-01T15:30:00Z,\n")
    assert import_halts(quiet_day.operations_dsn, shorter) == ImportedHalts(lines=1, changed=1, dirtied=1)
    compute_daily(quiet_day.operations_dsn)
    assert reasons(quiet_day) == {"no_trade"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the first line has to be symbol,halted_at,resumed_at,reason"),
        ("symbol,start,end,reason\n", "line 1: the first line has to be"),
        (HEAD + GOOD + ",2025-07-02T14:00:00Z,,\n", "line 3: the symbol is missing; nothing was imported"),
        (HEAD + GOOD + "ABC,,,\n", "line 3: halted_at is '': write it as 2026-11-20T15:30:00Z"),
        (HEAD + GOOD + "ABC,2025-07-02 10:00,,\n", "line 3: halted_at 2025-07-02 10:00 has no zone"),
        (HEAD + GOOD + "ABC,2025-07-02T14:00:00Z,soon,\n", "line 3: resumed_at is 'soon'"),
        (HEAD + GOOD + "ABC,2025-07-02T14:00:00Z,2025-07-02T14:00:00Z,\n", "line 3: resumed_at .* is not after"),
        (HEAD + GOOD + "ABC,2025-07-02T14:00:00Z\n", "line 3: 4 fields are wanted"),
        (HEAD + GOOD + "ABC,2025-07-02T14:00:00Z,,T1,T2\n", "line 3: 4 fields are wanted"),
        (HEAD + GOOD + "ABC,2025-07-02T13:33:00Z,,\n", "line 3: the same halt as in line 2"),
        (HEAD + '"ABC', "cannot be read"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(database: Database, tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(OperatorError, match=says) as raised:
        import_halts(database.operations_dsn, written(tmp_path, text))
    assert "\n" not in str(raised.value)
    with psycopg.connect(database.owner_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM market.halt").fetchone() == (0,)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        read_halts(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match="cannot be read"):
        read_halts(tmp_path / "bytes.csv")
