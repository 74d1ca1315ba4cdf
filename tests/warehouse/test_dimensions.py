"""What the dimensions stand on: full years, calendars with their zones, listings through renames and take-overs."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.errors import OperatorError
from marketpulse.warehouse.dimensions import fill_dimensions

HEADER = "symbol,name,mic,calendar,currency,fictitious,sector,valid_from,valid_to,renamed_to\n"


class At:
    """A clock that stands still."""

    def __init__(self, year: int) -> None:
        self._year = year

    def now(self) -> datetime:
        return datetime(self._year, 7, 1, tzinfo=UTC)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.reader_dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def test_years_are_full_from_the_first_recorded_one_to_this_one(database: Database) -> None:
    load(database.owner_dsn, {"rollup.daily": [{"symbol": "ABC", "trading_date": "2024-05-02"}]})
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    # Both years are of common knowledge: 252 sessions with three early closes, 250 with three.
    assert rows(
        database,
        "SELECT year, count(*), count(*) FILTER (WHERE is_trading_day), count(*) FILTER (WHERE is_early_close)"
        " FROM mart.dim_date GROUP BY year ORDER BY year",
    ) == [(2024, 366, 252, 3), (2025, 365, 250, 3)]


def test_filling_again_changes_nothing_and_another_calendar_takes_over(database: Database) -> None:
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    fill_dimensions(database.operations_dsn, "24/7", host=At(2025))
    assert rows(database, "SELECT count(*) FROM mart.dim_date WHERE is_trading_day") == [(365,)]
    with psycopg.connect(database.owner_dsn) as connection:
        found = connection.execute("SELECT calendar, time_zone, is_primary FROM market.calendar ORDER BY 1").fetchall()
    assert found == [("24/7", "UTC", True), ("XNYS", "America/New_York", False)]


def test_a_session_is_told_on_both_clocks(database: Database) -> None:
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    found = rows(
        database,
        "SELECT to_char(open_at, 'HH24:MI'), to_char(close_at, 'HH24:MI'), to_char(open_local, 'HH24:MI'),"
        " to_char(close_local, 'HH24:MI'), regular_minutes, is_early_close FROM mart.dim_session"
        " WHERE calendar = 'XNYS' AND trading_date = '2025-11-28'",
    )
    assert found == [("14:30", "18:00", "09:30", "13:00", 210, True)]


def test_what_was_recorded_wins_over_the_plan(database: Database) -> None:
    hours = {"pre_open_at": "2025-07-02T08:00Z", "post_close_at": "2025-07-03T00:00Z"}
    hours |= {"open_at": "2025-07-02T13:30Z", "close_at": "2025-07-02T17:30Z"}
    load(database.owner_dsn, {"market.session": [{"calendar": "XNYS", "trading_date": "2025-07-02"} | hours]})
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    found = rows(
        database,
        "SELECT regular_minutes FROM mart.dim_session WHERE calendar = 'XNYS' AND trading_date = '2025-07-02'",
    )
    assert found == [(240,)]


def test_a_recorded_session_of_another_exchange_gets_its_calendar(database: Database) -> None:
    session = {"calendar": "XLON", "trading_date": "2025-07-02", "pre_open_at": "2025-07-02T07:00Z"}
    session |= {"open_at": "2025-07-02T07:00Z", "close_at": "2025-07-02T15:30Z", "post_close_at": "2025-07-02T15:30Z"}
    load(database.owner_dsn, {"market.session": [session]})
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    query = (
        "SELECT to_char(open_local, 'HH24:MI') FROM mart.dim_session"
        " WHERE calendar = 'XLON' AND trading_date = '2025-07-02'"
    )
    assert rows(database, query) == [("08:00",)]


def test_an_unknown_calendar_is_named_and_nothing_is_written(database: Database) -> None:
    with pytest.raises(OperatorError, match="unknown trading calendar 'XNOWHERE'"):
        fill_dimensions(database.operations_dsn, "XNOWHERE")
    assert rows(database, "SELECT symbol FROM mart.dim_symbol") == [("UNKNOWN",)]


def test_a_renamed_symbol_keeps_its_row_and_says_what_it_is_called_today(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(
        HEADER
        + "OLD,A company,XNYS,XNYS,USD,no,Energy,2000-01-03,2009-12-31,MID\n"
        + "MID,A company,XNYS,XNYS,USD,no,Energy,2010-01-04,2019-12-31,NEW\n"
        + "NEW,A company,XNYS,XNYS,USD,no,Energy,2020-01-02,,\n"
    )
    fill_dimensions(database.operations_dsn, "XNYS", symbols_file=file, host=At(2025))
    query = (
        "SELECT symbol, valid_from, valid_to, current_symbol FROM mart.dim_symbol WHERE symbol <> 'UNKNOWN' ORDER BY 2"
    )
    assert rows(database, query) == [
        ("OLD", date(2000, 1, 3), date(2009, 12, 31), "NEW"),
        ("MID", date(2010, 1, 4), date(2019, 12, 31), "NEW"),
        ("NEW", date(2020, 1, 2), None, "NEW"),
    ]


def test_a_symbol_that_passed_on_is_one_row_and_the_newest_company(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "symbols.csv"
    file.write_text(
        HEADER
        + "T,The first,XNYS,XNYS,USD,no,Energy,2000-01-03,2009-12-31,\n"
        + "T,The second,XNYS,XNYS,USD,no,Utilities,2015-01-02,,\n"
    )
    fill_dimensions(database.operations_dsn, "XNYS", symbols_file=file, host=At(2025))
    assert rows(database, "SELECT name FROM mart.dim_symbol WHERE symbol = 'T'") == [("The second",)]
    file.write_text(HEADER + "T,The only one,XNYS,XNYS,USD,no,Energy,2000-01-03,,\n")
    fill_dimensions(database.operations_dsn, "XNYS", symbols_file=file, host=At(2025))
    assert rows(database, "SELECT name FROM mart.dim_symbol WHERE symbol = 'T'") == [("The only one",)]


def test_every_symbol_with_facts_has_a_row(database: Database) -> None:
    load(database.owner_dsn, {"rollup.daily": [{"symbol": "XYZ", "trading_date": "2025-05-02"}]})
    fill_dimensions(database.operations_dsn, "XNYS", host=At(2025))
    query = (
        "SELECT name, sector, calendar, current_symbol FROM mart.dim_symbol"
        " WHERE symbol IN ('XYZ', 'UNKNOWN') ORDER BY symbol"
    )
    assert rows(database, query) == [
        ("Unknown symbol", "Unknown", "UNKNOWN", "UNKNOWN"),
        ("XYZ", "Unknown", "XNYS", "XYZ"),
    ]
    assert rows(database, "SELECT sector FROM mart.dim_symbol WHERE symbol = 'AAPL'") == [("Information Technology",)]
