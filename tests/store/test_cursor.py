"""Cursors against a real Postgres."""

from datetime import UTC, date, datetime

import pytest
from tests.database import Database

from marketpulse.store import cursor
from marketpulse.store.cursor import CursorKey, CursorMove
from marketpulse.store.postgres import connect

KEY = CursorKey("alpaca", "sip", "trades", date(2026, 11, 20))
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.integration
def test_cursors_are_kept_per_symbol_and_endpoint_and_may_go_back(database: Database) -> None:
    with connect(database.operations_dsn, application_name="test") as connection:
        assert cursor.load(connection, KEY, ("AAPL", "MSFT")) == {}
        cursor.move(connection, [CursorMove(KEY, ("AAPL", "MSFT"), TEN, 1)])
        cursor.move(connection, [CursorMove(KEY, ("MSFT",), NINE, 2)])
        connection.commit()
        assert cursor.load(connection, KEY, ("AAPL", "MSFT", "TSLA")) == {"AAPL": TEN, "MSFT": NINE}
        assert cursor.load(connection, CursorKey("alpaca", "sip", "bars", KEY.trading_date), ("AAPL",)) == {}
