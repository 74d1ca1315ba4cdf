"""Cursors: how far, in market time, everything a provider showed was acknowledged by the broker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class CursorKey:
    """What a set of cursors belongs to; there is one cursor a symbol."""

    provider: str
    feed: str
    endpoint: str
    trading_date: date


@dataclass(frozen=True, slots=True)
class CursorMove:
    """Everything of `symbols` before `next_at` is acknowledged, the last of it by the poll `poll_id`."""

    key: CursorKey
    symbols: tuple[str, ...]
    next_at: datetime
    poll_id: int


def load(connection: psycopg.Connection, key: CursorKey, symbols: Sequence[str]) -> dict[str, datetime]:
    """The cursors that exist, by symbol; a symbol without one has never been polled on that day."""
    values = {
        "provider": key.provider,
        "feed": key.feed,
        "endpoint": key.endpoint,
        "trading_date": key.trading_date,
        "symbols": list(symbols),
    }
    rows = connection.execute(read_sql("store/cursor_load"), values).fetchall()
    return {str(symbol): next_at for symbol, next_at in rows}


def move(connection: psycopg.Connection, moves: Iterable[CursorMove]) -> None:
    """Inside the caller's transaction: sets each cursor, forward or (after the clock was set back) backward."""
    for step in moves:
        values = {
            "provider": step.key.provider,
            "feed": step.key.feed,
            "endpoint": step.key.endpoint,
            "trading_date": step.key.trading_date,
            "symbols": sorted(step.symbols),
            "next_at": step.next_at,
            "poll_id": step.poll_id,
        }
        connection.execute(read_sql("store/cursor_move"), values)
