"""The face for BI, as its read-only role sees it."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg import sql
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.resources import include_path
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
VIEWS = tuple(sorted(path.stem for path in include_path("sql/mart").glob("*.sql")))
FIXED = ["symbol", "trading_date", "open", "high", "low", "close", "volume", "vwap", "trade_count", "coverage_pct"]


@pytest.fixture
def reader(database: Database) -> Iterator[psycopg.Connection]:
    load(database.owner_dsn, read_case(include_path("sql/rollups/daily/tests/full_session")))
    compute_daily(database.operations_dsn, DAY, DAY)
    with psycopg.connect(database.reader_dsn, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("view", VIEWS)
def test_the_reader_reads_every_view(reader: psycopg.Connection, view: str) -> None:
    reader.execute(sql.SQL("SELECT * FROM mart.{}").format(sql.Identifier(view)))


def test_nothing_else_is_in_the_mart(reader: psycopg.Connection) -> None:
    rows = reader.execute("SELECT viewname FROM pg_views WHERE schemaname = 'mart' ORDER BY viewname").fetchall()
    assert tuple(name for (name,) in rows) == VIEWS


def test_fact_daily_has_its_fixed_columns(reader: psycopg.Connection) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, FIXED))
    query = sql.SQL("SELECT {} FROM mart.fact_daily ORDER BY trading_date DESC").format(columns)
    row = reader.execute(query).fetchone()
    assert row is not None
    assert row[:2] == ("ABC", DAY)


@pytest.mark.parametrize("table", ["market.event", "ops.poll", "rollup.daily"])
def test_the_reader_reads_nothing_else(reader: psycopg.Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*table.split("."))))


@pytest.mark.parametrize(
    ("feeds", "chosen"),
    [
        ([("iex", 390, 300), ("sip", 390, 389)], "sip"),
        ([("iex", 390, 390), ("sip", 390, 200)], "iex"),
        ([("iex", 390, 390), ("delayed_sip", 390, 390), ("sip", 390, 390)], "sip"),
        ([("round_the_clock", 390, 390), ("tape", 390, 390)], "tape"),
        ([("tape", None, None), ("iex", 390, 1)], "iex"),
        ([("zzz", 390, 390), ("round_the_clock", 390, 390)], "round_the_clock"),
    ],
)
def test_fact_daily_takes_the_best_covered_feed(
    database: Database, feeds: list[tuple[str, int | None, int | None]], chosen: str
) -> None:
    rows = [
        {"symbol": "ABC", "trading_date": DAY, "feed": feed, "minutes_expected": expected, "minutes_covered": covered}
        for feed, expected, covered in feeds
    ]
    load(database.owner_dsn, {"rollup.daily": rows})
    with psycopg.connect(database.reader_dsn) as connection:
        assert connection.execute("SELECT feed FROM mart.fact_daily").fetchall() == [(chosen,)]


def test_dim_date_has_no_hole(reader: psycopg.Connection) -> None:
    row = reader.execute(
        "SELECT count(*), min(calendar_date), max(calendar_date), count(*) FILTER (WHERE is_recorded)"
        " FROM mart.dim_date"
    ).fetchone()
    assert row == (365, date(2025, 1, 1), date(2025, 12, 31), 1)
