"""What the facts of the mart say of one day: tests/warehouse/mart/day.sql, as the reader sees it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.database import Database
from tests.warehouse.rows import load

DAY = date(2025, 11, 28)


@pytest.fixture
def reader(database: Database) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute((Path(__file__).parent / "mart" / "day.sql").read_text(encoding="utf-8").encode())
    with psycopg.connect(database.reader_dsn, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def one(reader: psycopg.Connection[dict[str, Any]], query: str) -> dict[str, Any]:
    rows = reader.execute(query.encode()).fetchall()
    assert len(rows) == 1
    return rows[0]


def test_a_day_shows_its_chosen_feed_with_state_scope_and_delay(reader: psycopg.Connection[dict[str, Any]]) -> None:
    found = one(reader, "SELECT * FROM mart.fact_daily WHERE symbol = 'ABC' AND trading_date = '2025-11-28'")
    expected = {
        "feed": "sip",
        "state": "provisional",
        "volume_scope": "consolidated",
        "delay_seconds": 900,
        "vwap": Decimal("101.000000"),
        "return_1d": Decimal("0.02000000"),
        "minutes_expected": 210,
        "minutes_covered": 208,
        "minutes_unexplained": 1,
        "coverage_pct": Decimal("99.05"),
        "restatements": 1,
        "is_synthetic": True,
    }
    assert {name: found[name] for name in expected} == expected


def test_a_minute_shows_its_preferred_feed_and_no_other(reader: psycopg.Connection[dict[str, Any]]) -> None:
    query = "SELECT * FROM mart.fact_bar_1m WHERE trading_date = '2025-11-28' AND symbol = 'ABC' ORDER BY bar_start"
    rows = reader.execute(query.encode()).fetchall()
    assert [(row["minute_of_session"], row["session_part"], row["feed"], row["is_restated"]) for row in rows] == [
        (-1, "pre", "sip", False),
        (0, "regular", "sip", True),
        (1, "regular", "iex", False),
        (2, "regular", "sip", False),
    ]
    assert rows[1]["bar_start"] == datetime(2025, 11, 28, 14, 30)  # noqa: DTZ001 - plain on purpose
    assert rows[1]["bar_start_local"] == datetime(2025, 11, 28, 9, 30)  # noqa: DTZ001


def test_a_feed_that_nobody_subscribed_is_outranked_or_outranks_like_any_other(
    database: Database, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    def shown(view: str) -> list[tuple[str, str]]:
        query = f"SELECT feed, bar_start::time::text AS at FROM mart.{view} WHERE symbol = 'DEF' ORDER BY bar_start"  # noqa: S608
        return [(row["at"], row["feed"]) for row in reader.execute(query.encode())]

    def land(feed: str, at: str) -> None:
        bar = {"symbol": "DEF", "feed": feed, "trading_date": DAY, "bar_start": f"2025-11-28 {at}Z"}
        load(database.owner_dsn, {"market.bar_1m": [bar | {"volume": 5, "notional": 35, "trade_count": 1}]})
        with psycopg.connect(database.owner_dsn) as connection:
            connection.execute(
                "INSERT INTO market.latest (symbol, feed) VALUES ('DEF', %s) ON CONFLICT DO NOTHING", (feed,)
            )

    land("tape", "14:30")
    land("tape", "14:31")
    for view in ("fact_bar_1m", "fact_bar_live"):
        assert shown(view) == [("14:30:00", "iex"), ("14:31:00", "tape")]
    land("sip", "14:30")
    for view in ("fact_bar_1m", "fact_bar_live"):
        assert shown(view) == [("14:30:00", "sip"), ("14:31:00", "tape")]


def test_bars_of_before_a_split_are_in_todays_shares_too(
    database: Database, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO rollup.bar (symbol, feed, interval_min, bar_start, session_part, trading_date, open, high,"
            " low, close, volume, notional, trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope)"
            " VALUES ('ABC', 'sip', 5, '2025-11-26 14:30Z', 'regular', '2025-11-26', 199, 202, 198, 200, 600, 119700,"
            " 6, 2, false, true, 'consolidated')"
        )
    rows = reader.execute(
        "SELECT split_factor, open, adj_open, adj_close, adj_volume FROM mart.fact_bar WHERE interval_min = 5"
        " ORDER BY bar_start"
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        (Decimal("0.5"), 199, Decimal("99.5"), 100, 1200),
        (1, 100, 100, 102, 600),
    ]


def test_a_day_whose_series_alone_was_computed_anew_says_when(
    database: Database, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    query = "SELECT computed_at FROM mart.fact_daily WHERE symbol = 'ABC' AND trading_date = '2025-11-26'"
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE rollup.daily_series SET computed_at = '2099-01-02 03:04Z' WHERE symbol = 'ABC'")
    assert one(reader, query) == {"computed_at": datetime(2099, 1, 2, 3, 4)}  # noqa: DTZ001 - plain on purpose


def test_minutes_of_a_day_say_whether_they_count_and_whether_the_day_shows_their_feed(
    reader: psycopg.Connection[dict[str, Any]],
) -> None:
    rows = reader.execute(
        "SELECT feed, is_chosen, sum(minutes) FILTER (WHERE is_covered) AS covered, sum(minutes) AS minutes"
        " FROM mart.fact_coverage_day WHERE symbol = 'ABC' AND session_part = 'regular' GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    assert {row["feed"]: row["is_chosen"] for row in rows} == {"sip": True}
    assert [(row["minutes"] - row["covered"]) for row in rows] == [2]


def test_the_live_bars_are_those_of_the_newest_session(reader: psycopg.Connection[dict[str, Any]]) -> None:
    live = reader.execute("SELECT * FROM mart.fact_bar_live ORDER BY symbol, bar_start").fetchall()
    of_the_day = "SELECT * FROM mart.fact_bar_1m WHERE trading_date = '2025-11-28' ORDER BY symbol, bar_start"
    assert live == reader.execute(of_the_day.encode()).fetchall()
    assert len(live) == 5


def test_a_session_that_no_event_has_reached_is_not_the_current_one(
    database: Database, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO market.session VALUES ('XNYS', '2025-12-01', '2025-12-01 09:00Z', '2025-12-01 14:30Z',"
            " '2025-12-01 21:00Z', '2025-12-02 01:00Z')"
        )
    assert one(reader, "SELECT DISTINCT trading_date FROM mart.fact_bar_live") == {"trading_date": DAY}


def test_longer_bars_show_the_preferred_feed_and_how_complete_they_are(
    reader: psycopg.Connection[dict[str, Any]],
) -> None:
    rows = reader.execute("SELECT * FROM mart.fact_bar ORDER BY interval_min").fetchall()
    assert [(row["interval_min"], row["feed"], row["minute_of_session"], row["coverage_pct"]) for row in rows] == [
        # One of five minutes was our outage; one that came late counts.
        (5, "sip", 0, Decimal("80.00")),
        # Half an hour until the early close, the last minute of it unexplained.
        (60, "sip", 180, Decimal("96.67")),
    ]


def test_the_latest_price_stands_beside_the_close_before_in_todays_shares(
    reader: psycopg.Connection[dict[str, Any]],
) -> None:
    found = one(reader, "SELECT * FROM mart.fact_latest WHERE symbol = 'ABC'")
    assert 130 <= found.pop("age_seconds") < 190
    expected = {
        "feed": "sip",
        "price": Decimal("102.000000"),
        "previous_close": Decimal("100.000000"),
        "change": Decimal("2.000000"),
        "change_pct": Decimal("2.0000"),
        "day_volume": Decimal("600.000000"),
        "volume_scope": "consolidated",
        "delay_seconds": 900,
        "state": "provisional",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("change", "previous_close"),
    [
        ("UPDATE rollup.daily SET next_date = '2025-11-27' WHERE trading_date = '2025-11-26'", None),
        ("UPDATE rollup.daily SET close = NULL, minutes_covered = 389 WHERE trading_date = '2025-11-26'", None),
        # Nobody traded in the session before: what it found standing still stands.
        (
            "WITH quiet AS (UPDATE rollup.daily SET close = NULL WHERE trading_date = '2025-11-26')"
            " UPDATE rollup.daily_series SET previous_close = 196 WHERE trading_date = '2025-11-26'",
            Decimal(98),
        ),
        (
            "INSERT INTO market.symbol (symbol, valid_from, name, mic, calendar, currency, sector, is_fictitious)"
            " VALUES ('ABC', '2025-11-28', 'New Co', 'XNYS', 'XNYS', 'USD', 'Financials', false)",
            None,
        ),
    ],
    ids=["unrecorded", "incomplete", "quiet", "another_company"],
)
def test_the_latest_price_is_compared_with_the_session_before_or_with_none(
    database: Database, reader: psycopg.Connection[dict[str, Any]], change: str, previous_close: Decimal | None
) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(change.encode())
    found = one(reader, "SELECT previous_close, change_pct FROM mart.fact_latest WHERE symbol = 'ABC'")
    assert found["previous_close"] == previous_close
    assert (found["change_pct"] is None) == (previous_close is None)


def test_a_symbol_without_a_day_before_has_a_price_and_no_change(reader: psycopg.Connection[dict[str, Any]]) -> None:
    found = one(reader, "SELECT * FROM mart.fact_latest WHERE symbol = 'DEF'")
    assert (found["price"], found["change_pct"], found["delay_seconds"]) == (Decimal("7.000000"), None, None)


def test_what_commits_is_in_the_mart_at_once(database: Database, reader: psycopg.Connection[dict[str, Any]]) -> None:
    with psycopg.connect(database.writer_dsn) as connection:
        connection.execute("UPDATE market.latest SET price = 103 WHERE symbol = 'ABC' AND feed = 'sip'")
    assert one(reader, "SELECT price FROM mart.fact_latest WHERE symbol = 'ABC'") == {"price": Decimal("103.000000")}


def test_coverage_counts_what_came_late_as_received(reader: psycopg.Connection[dict[str, Any]]) -> None:
    query = "SELECT reason, minutes FROM mart.fact_coverage_day ORDER BY minutes DESC, reason"
    assert [tuple(row.values()) for row in reader.execute(query.encode()).fetchall()] == [
        ("no_trade", 206),
        ("received", 2),
        ("our_outage", 1),
        ("unexplained", 1),
    ]
    ranges = reader.execute("SELECT * FROM mart.fact_coverage WHERE status = 'late'").fetchall()
    assert [(row["reason"], row["minutes"], row["range_start_local"].hour) for row in ranges] == [("our_outage", 1, 9)]


def test_a_restatement_says_what_why_and_when(reader: psycopg.Connection[dict[str, Any]]) -> None:
    found = one(reader, "SELECT * FROM mart.fact_restatement")
    assert (found["old_volume"], found["new_volume"]) == (Decimal("300.000000"), Decimal("400.000000"))
    assert (found["cause_count"], found["cause"]) == (3, "cancellation, late trade")
    assert found["market_at"] == datetime(2025, 11, 28, 14, 33)  # noqa: DTZ001
    week = one(reader, "SELECT * FROM mart.fact_restatement_week")
    assert week == {"provider": "alpaca", "week_start": date(2025, 11, 24), "restatements": 1}


def test_quality_shows_the_newest_result_of_a_check(reader: psycopg.Connection[dict[str, Any]]) -> None:
    found = one(reader, "SELECT check_name, severity, offending FROM mart.fact_quality")
    assert found == {"check_name": "coverage_low", "severity": "warning", "offending": 0}


def test_the_pipelines_status_is_one_row(reader: psycopg.Connection[dict[str, Any]]) -> None:
    found = one(reader, "SELECT * FROM mart.pipeline_status")
    assert (found["health_state"], found["lag_records"], found["lag_seconds"]) == ("warning", 12, Decimal("1.500"))
    assert abs(datetime.now(UTC).replace(tzinfo=None) - found["newest_landed_at"]).total_seconds() < 60


@pytest.mark.usefixtures("database")
def test_the_status_is_one_row_when_nothing_was_recorded(database: Database) -> None:
    with psycopg.connect(database.reader_dsn) as connection:
        rows = connection.execute("SELECT health_state, open_dead_letters FROM mart.pipeline_status").fetchall()
    assert rows == [(None, 0)]


def test_a_day_waits_for_nobody_to_be_shown(database: Database, reader: psycopg.Connection[dict[str, Any]]) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM rollup.daily_series")
    found = one(reader, "SELECT feed, adj_close FROM mart.fact_daily WHERE trading_date = '2025-11-28'")
    assert found == {"feed": "sip", "adj_close": None}
