"""Which sessions nobody read again after their end."""

from datetime import date
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.warehouse.sweeps import unswept_sessions

DAY = date(2025, 7, 2)
SESSION = {
    "calendar": "XNYS",
    "trading_date": DAY,
    "pre_open_at": "2025-07-02T08:00Z",
    "open_at": "2025-07-02T13:30Z",
    "close_at": "2025-07-02T20:00Z",
    "post_close_at": "2025-07-03T00:00Z",
}
WHOLE = {
    "trading_date": DAY,
    "purpose": "sweep",
    "symbols": ["ABC", "DEF"],
    "covered_from": "2025-07-02T08:00Z",
    "covered_until": "2025-07-03T00:00Z",
    "market_at": "2025-07-03T00:20Z",
}
HALVES = (
    WHOLE | {"covered_until": "2025-07-02T15:00Z"},
    WHOLE | {"covered_from": "2025-07-02T15:00Z", "outcome": "empty"},
)


def found(database: Database, polls: list[dict[str, Any]], *, read: tuple[str, ...] = ()) -> list[tuple[int, int]]:
    """Unswept and counted symbols of the one session; `read` are those with a cursor."""
    tables: dict[str, list[dict[str, Any]]] = {
        "market.session": [SESSION],
        "market.subscription": [{"trading_date": DAY, "symbol": symbol} for symbol in ("ABC", "DEF")],
        "ops.producer_run": [{"producer_id": "p-1", "trading_date": DAY}],
        "ops.poll": polls,
    }
    load(database.owner_dsn, tables)
    with psycopg.connect(database.owner_dsn) as connection:
        for symbol in read:
            connection.execute(
                "INSERT INTO ops.cursor (provider, feed, endpoint, symbol, trading_date, next_at, poll_id)"
                " VALUES ('alpaca', 'sip', 'trades', %s, %s, '2025-07-02 19:00Z', 1)",
                (symbol, DAY),
            )
    with psycopg.connect(database.operations_dsn) as connection:
        return [(one.unswept, one.symbols) for one in unswept_sessions(connection, DAY, DAY)]


@pytest.mark.parametrize(
    ("polls", "read", "expected"),
    [
        # Never polled; polled until 15:00 and killed.
        ([], (), [(2, 2)]),
        ([WHOLE | {"purpose": "poll"}], ("ABC", "DEF"), [(2, 2)]),
        ([WHOLE], ("ABC", "DEF"), []),
        (list(HALVES), ("ABC", "DEF"), []),
        ([HALVES[0]], ("ABC", "DEF"), [(2, 2)]),
        ([WHOLE | {"outcome": "transient"}], ("ABC", "DEF"), [(2, 2)]),
        ([WHOLE | {"market_at": "2025-07-02T23:00Z"}], ("ABC", "DEF"), [(2, 2)]),
        ([WHOLE | {"symbols": ["ABC"]}], ("ABC", "DEF"), [(1, 2)]),
        # The provider does not know DEF: there is nothing to sweep.
        ([WHOLE | {"symbols": ["ABC"]}], ("ABC",), []),
        ([WHOLE | {"feed": "iex"}], ("ABC", "DEF"), [(2, 2)]),
    ],
)
def test_a_session_is_swept_when_every_symbol_was_read_again_as_a_whole(
    database: Database, polls: list[dict[str, Any]], read: tuple[str, ...], expected: list[tuple[int, int]]
) -> None:
    assert found(database, polls, read=read) == expected


def test_a_day_whose_events_are_gone_is_no_longer_asked_for(database: Database) -> None:
    assert found(database, []) == [(2, 2)]
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES (%s, 0, 0)", (DAY,))
    with psycopg.connect(database.operations_dsn) as connection:
        assert unswept_sessions(connection, None, None) == ()
