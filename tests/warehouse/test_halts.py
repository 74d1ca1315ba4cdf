"""Importing halts: what a good file leads to, and that a bad one leads to nothing but its error."""

from datetime import date
from pathlib import Path
from typing import Any

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


FIRST, SECOND, THIRD = "2025-06-23", "2025-06-24", "2025-06-25"
RESUMPTION = "00000000-0000-0000-0000-000000000009"
DIRTY = {"symbol": "ABC", "trading_date": SECOND}


def status(day: str, at: str, code: str) -> dict[str, Any]:
    built = ("bar_session_part", "adds_volume", "sets_high_low", "sets_open_close", "volume_scope", "price", "size")
    told = {"symbol": "ABC", "trading_date": day, "event_at": f"{day}T{at}+00:00", "event_type": "status"}
    return told | {"detail": {"status_code": code}} | dict.fromkeys(built)


def minute(day: str, at: str) -> dict[str, Any]:
    figures = {"open": 10, "high": 10, "low": 10, "close": 10, "volume": 100, "notional": 1000, "trade_count": 1}
    return {"symbol": "ABC", "trading_date": day, "bar_start": f"{day}T{at}Z"} | figures


@pytest.fixture
def three_days(database: Database) -> Database:
    """Three sessions that nobody polled, each with a trade in its first minute, but for the second: at 15:00."""
    days = (FIRST, SECOND, THIRD)
    hours = {"pre_open_at": "08:00", "open_at": "13:30", "close_at": "20:00", "post_close_at": "23:59"}
    tables: dict[str, list[dict[str, Any]]] = {
        "market.session": [
            {"calendar": "XNYS", "trading_date": day} | {name: f"{day}T{at}Z" for name, at in hours.items()}
            for day in days
        ],
        "market.subscription": [{"trading_date": day, "symbol": "ABC"} for day in days],
        "market.bar_1m": [minute(FIRST, "13:30"), minute(SECOND, "15:00"), minute(THIRD, "13:30")],
        "ops.producer_run": [{"producer_id": day, "trading_date": day} for day in days],
    }
    load(database.owner_dsn, tables)
    return database


def halted(database: Database) -> dict[str, int]:
    """Minutes of the regular part that were halted, by day."""
    with psycopg.connect(database.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT trading_date::text, sum(minutes) FROM rollup.coverage"
            " WHERE reason = 'halted' AND session_part = 'regular' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return {day: int(minutes) for day, minutes in rows}


def end(database: Database) -> tuple[str | None, set[str]]:
    """When the only halt ends, by the minute, and what else than its beginning it cites."""
    with psycopg.connect(database.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT to_char(resumed_at AT TIME ZONE 'UTC', 'DD HH24:MI'), cites FROM market.halt"
        ).fetchall()
    assert len(rows) == 1
    return rows[0][0], set(rows[0][1]) - {"trading_date", "halted_by"}


@pytest.mark.parametrize(
    ("told", "ends", "minutes"),
    [
        # Resumed on the next day, before its first price.
        ([(FIRST, "19:00:00", "H"), (SECOND, "14:00:00", "T")], ("24 14:00", {"resumed_by"}), {FIRST: 60, SECOND: 30}),
        # Never told to end: nothing says that the session after it is halted too.
        ([(FIRST, "19:00:00", "H")], ("23 23:59", {"session"}), {FIRST: 60}),
        # A price comes before the resumption that is told two days later.
        ([(FIRST, "19:00:00", "H"), (THIRD, "14:00:00", "T")], ("24 15:00", {"traded"}), {FIRST: 60, SECOND: 90}),
        ([(SECOND, "14:00:00", "H")], ("24 15:00", {"traded"}), {SECOND: 60}),
    ],
)
def test_a_halt_ends_when_something_stored_says_so(
    three_days: Database, told: list[tuple[str, str, str]], ends: tuple[str, set[str]], minutes: dict[str, int]
) -> None:
    load(three_days.owner_dsn, {"market.event": [status(*each) for each in told]})
    compute_daily(three_days.operations_dsn, date(2025, 6, 23), date(2025, 6, 25))
    assert end(three_days) == ends
    assert halted(three_days) == minutes


def test_a_later_resumption_and_its_withdrawal_dirty_the_days_before(three_days: Database) -> None:
    load(three_days.owner_dsn, {"market.event": [status(FIRST, "19:00:00", "H")]})
    compute_daily(three_days.operations_dsn, date(2025, 6, 23), date(2025, 6, 25))
    resumption = status(SECOND, "14:00:00", "T") | {"event_id": RESUMPTION, "entity_id": RESUMPTION}
    load(three_days.owner_dsn, {"market.event": [resumption], "ops.dirty_day": [DIRTY]})
    compute_daily(three_days.operations_dsn)
    assert halted(three_days) == {FIRST: 60, SECOND: 30}
    with psycopg.connect(three_days.owner_dsn) as connection:
        connection.execute("DELETE FROM market.event WHERE event_id = %s", (RESUMPTION,))
        # Any day of the symbol notices it, and the others follow.
        connection.execute("DELETE FROM ops.dirty_day")
    load(three_days.owner_dsn, {"ops.dirty_day": [DIRTY | {"trading_date": THIRD}]})
    compute_daily(three_days.operations_dsn)
    assert [str(day.trading_date) for day in compute_daily(three_days.operations_dsn)] == [FIRST, SECOND]
    assert halted(three_days) == {FIRST: 60}
    assert compute_daily(three_days.operations_dsn) == ()


def test_a_halt_of_a_file_without_an_end_ends_with_the_next_price(three_days: Database, tmp_path: Path) -> None:
    import_halts(three_days.operations_dsn, written(tmp_path, HEAD + "ABC,2025-06-23T19:00:00Z,,\n"))
    compute_daily(three_days.operations_dsn, date(2025, 6, 23), date(2025, 6, 25))
    assert halted(three_days) == {FIRST: 60, SECOND: 90}
