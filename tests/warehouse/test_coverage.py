"""Coverage on a real server: the cases in include/sql/rollups/coverage, and what holds for every one of them."""

import json
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.database import Database
from tests.warehouse.rows import load, read_case, read_rows

from marketpulse.events.session import calendar
from marketpulse.resources import include_path
from marketpulse.warehouse.coverage import usual_end
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
CASES = sorted((include_path("sql/rollups/coverage") / "tests").iterdir())
REASONS = {
    "closed",
    "dead_lettered",
    "halted",
    "lost",
    "no_trade",
    "not_landed",
    "not_subscribed",
    "our_outage",
    "presumed_halt",
    "provider_gap",
    "unexplained",
}


def stored(dsn: str, trading_date: date = DAY) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(
            "SELECT * FROM rollup.coverage WHERE trading_date = %s ORDER BY symbol, feed, range_start", (trading_date,)
        ).fetchall()


def computed(database: Database, name: str) -> list[dict[str, Any]]:
    """The coverage of a case, computed."""
    case = read_case(include_path("sql/rollups/coverage/tests") / name)
    load(database.owner_dsn, case)
    day = date.fromisoformat((case.get("market.session") or case["market.bar_1m"])[0]["trading_date"])
    compute_daily(database.operations_dsn, day, day)
    return stored(database.owner_dsn, day)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(database: Database, case: Path) -> None:
    actual = computed(database, case.name)
    expected = [_typed(row) for row in read_rows(case / "expect.yaml")]
    assert [{name: row[name] for name in wanted} for row, wanted in zip(actual, expected, strict=True)] == expected
    assert_every_minute_has_one_row(database, actual)


def assert_every_minute_has_one_row(database: Database, rows: list[dict[str, Any]]) -> None:
    for before, after in pairwise(rows):
        if (before["symbol"], before["feed"]) == (after["symbol"], after["feed"]):
            assert before["range_end"] <= after["range_start"]
    unequal = (
        "SELECT symbol, feed FROM rollup.coverage"
        " JOIN market.subscription USING (symbol, feed, trading_date)"
        " JOIN market.session USING (calendar, trading_date)"
        " WHERE session_part <> 'closed' GROUP BY symbol, feed, pre_open_at, post_close_at"
        " HAVING sum(minutes) <> extract(epoch FROM post_close_at - pre_open_at) / 60"
    )
    with psycopg.connect(database.owner_dsn) as connection:
        assert connection.execute(unequal).fetchall() == []


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(row[name]) for name in ("range_start", "range_end")}
    cites = {"cites": json.loads(row["cites"])} if "cites" in row else {}
    return row | times | cites


def test_every_reason_has_a_case() -> None:
    rows = [row for case in CASES for row in read_rows(case / "expect.yaml")]
    assert {row["reason"] for row in rows if row["status"] == "missing"} == REASONS
    assert {(row["status"], row["reason"]) for row in rows if row["status"] != "missing"} == {
        ("received", None),
        ("late", None),
        ("late", "our_outage"),
    }


def test_all_but_the_unexplained_cites_something(database: Database) -> None:
    for case in CASES:
        for row in read_rows(case / "expect.yaml"):
            if "cites" in row:
                assert (json.loads(row["cites"]) == {}) == (row["reason"] == "unexplained"), case.name
    rows = computed(database, "polls_failed")
    assert all((row["cites"] == {}) == (row["status"] == "received") for row in rows)


def test_computing_again_writes_nothing(database: Database) -> None:
    first = computed(database, "read_after_failed_polls")
    compute_daily(database.operations_dsn, DAY, DAY)
    assert stored(database.owner_dsn) == first != []


def test_what_no_longer_holds_goes(database: Database) -> None:
    computed(database, "halted_by_status")
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM market.event")
    compute_daily(database.operations_dsn, DAY, DAY)
    assert {row["reason"] for row in stored(database.owner_dsn)} == {None, "no_trade"}


@pytest.mark.parametrize(
    ("case", "covered"),
    [("polls_failed", 3), ("all_halted", 10), ("read_after_failed_polls", 10), ("dead_lettered", 9)],
)
def test_the_percentage_of_the_day_counts_these_minutes(database: Database, case: str, covered: int) -> None:
    computed(database, case)
    with psycopg.connect(database.owner_dsn) as connection:
        row = connection.execute(
            "SELECT minutes_expected, minutes_covered FROM rollup.daily WHERE symbol = 'ABC'"
        ).fetchone()
    assert row == (10, covered)


def test_only_a_shortened_day_would_have_ended_later() -> None:
    xnys = calendar("XNYS")
    thanksgiving, friday, monday = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 30)
    assert [usual_end(xnys, day) for day in (thanksgiving, monday)] == [None, None]
    assert usual_end(xnys, friday) == datetime.fromisoformat("2026-11-28T01:00:00+00:00")
    assert usual_end(calendar("24/7"), friday) is None
