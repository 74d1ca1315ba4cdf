"""docs/mart.md against the database's own comments."""

from pathlib import Path

import psycopg
from tests.database import Database

from marketpulse.warehouse.mart_reference import as_markdown

REFERENCE = Path(__file__).parents[2] / "docs" / "mart.md"


def test_the_reference_is_what_the_database_says(postgres: Database) -> None:
    assert REFERENCE.read_text(encoding="utf-8") == as_markdown(postgres.reader_dsn), (
        "docs/mart.md is out of date: marketpulse mart-reference > docs/mart.md"
    )


def test_every_view_and_column_has_a_comment(postgres: Database) -> None:
    with psycopg.connect(postgres.reader_dsn) as connection:
        rows = connection.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relnamespace = 'mart'::regnamespace AND attnum > 0"
            " AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid, 'pg_class') IS NULL)"
        ).fetchall()
    assert rows == []
