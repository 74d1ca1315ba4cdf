"""The model against the real mart: every view, every column, every type, both ways."""

from datetime import date

import psycopg
import pytest
from psycopg import sql
from tests.database import Database
from tests.powerbi.project import source_view, tables
from tests.powerbi.sample import load_sample
from tests.powerbi.tmdl import Node

# What each type of the model may stand for. Prices are doubles: Power BI's fixed decimal has four places.
TYPES = {
    "string": {"text"},
    "int64": {"integer", "bigint", "smallint"},
    "double": {"numeric", "double precision"},
    "dateTime": {"date", "timestamp without time zone"},
    "boolean": {"boolean"},
}
# Symbols and dates of facts for which the dimensions must have a row.
KEYED = ("symbol", "trading_date", "period_start", "week_start")


@pytest.fixture
def mart(database: Database) -> psycopg.Connection:
    load_sample(database.owner_dsn)
    return psycopg.connect(database.reader_dsn, autocommit=True)


def view_columns(mart: psycopg.Connection) -> dict[str, dict[str, str]]:
    rows = mart.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart'"
    ).fetchall()
    views: dict[str, dict[str, str]] = {}
    for view, column, data_type in rows:
        views.setdefault(view, {})[column] = data_type
    return views


def test_every_view_but_the_longer_minutes_is_in_the_model(mart: psycopg.Connection) -> None:
    with mart:
        assert {source_view(table) for table in tables().values()} == view_columns(mart).keys() - {"fact_bar_1m"}


def test_the_model_has_the_columns_of_the_views_with_their_types(mart: psycopg.Connection) -> None:
    with mart:
        views = view_columns(mart)
    for table in tables().values():
        stored = views[source_view(table)]
        columns = {column.properties["sourceColumn"]: column.properties["dataType"] for column in table.of("column")}
        assert columns.keys() == stored.keys(), table.name
        for name, data_type in columns.items():
            assert stored[name] in TYPES[data_type], f"{table.name}: {name} is {stored[name]}"


def test_numerics_are_bounded_so_that_filters_fold(mart: psycopg.Connection) -> None:
    with mart:
        rows = mart.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mart'"
            " AND data_type = 'numeric' AND (numeric_precision IS NULL OR numeric_precision > 28)"
        ).fetchall()
    assert rows == []


def test_every_fact_finds_its_symbol_and_its_date(mart: psycopg.Connection) -> None:
    with mart:
        for table in tables().values():
            for column in table.of("column"):
                source = column.properties["sourceColumn"]
                if source in KEYED and source_view(table).startswith("fact_"):
                    assert orphans(mart, table, source) == [], (table.name, source)


def orphans(mart: psycopg.Connection, table: Node, source: str) -> list[tuple[object, ...]]:
    view, key = ("dim_symbol", "symbol") if source == "symbol" else ("dim_date", "calendar_date")
    query = sql.SQL("SELECT DISTINCT {source} FROM mart.{fact} EXCEPT SELECT {key} FROM mart.{view}")
    return mart.execute(
        query.format(
            source=sql.Identifier(source),
            fact=sql.Identifier(source_view(table)),
            key=sql.Identifier(key),
            view=sql.Identifier(view),
        )
    ).fetchall()


def test_the_date_table_has_full_years_without_a_hole(mart: psycopg.Connection) -> None:
    with mart:
        row = mart.execute(
            "SELECT count(*), count(DISTINCT calendar_date), min(calendar_date), max(calendar_date) FROM mart.dim_date"
        ).fetchone()
    assert row is not None
    days, different, first, last = row
    assert (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    assert days == different == (last - first).days + 1
    assert first <= date(2026, 6, 30) <= last


def test_keys_of_the_dimensions_are_unique(mart: psycopg.Connection) -> None:
    with mart:
        for view, key in (("dim_symbol", "symbol"), ("dim_date", "calendar_date")):
            query = sql.SQL("SELECT count(*), count(DISTINCT upper({0}::text)) FROM mart.{1}")
            row = mart.execute(query.format(sql.Identifier(key), sql.Identifier(view))).fetchone()
            assert row is not None
            assert row[0] == row[1] > 0
