"""The stream's statements: what they are put together from."""

import psycopg
from tests.database import Database

from marketpulse.stream.statements import event_columns, sql


def test_the_stream_writes_every_column_that_the_database_does_not_fill(database: Database) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'market' AND table_name = 'event' ORDER BY ordinal_position"
        ).fetchall()
    assert event_columns() == tuple(name for (name,) in rows if name not in ("batch_id", "landed_at"))


def test_columns_are_named_with_their_table_where_another_has_them_too() -> None:
    text = sql("land_events")
    assert "{" not in text
    assert "trading_date, entity_id, event_id" in text
    assert "incoming.trading_date, incoming.entity_id" in text
