"""Freshness: how old our knowledge of each symbol is, counted in seconds while its market was open.

Two questions apart: when did the symbol last trade (it may simply be quiet), and up to when have we asked (if that is
old, the outage is ours).
"""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class SymbolFreshness:
    """One watched symbol. None: never seen, never asked for."""

    symbol: str
    feed: str
    trading_date: date
    latest_event_at: datetime | None
    event_age_open_seconds: float | None
    covered_until: datetime | None
    uncovered_open_seconds: float | None


def measure(connection: psycopg.Connection, *, market_at: datetime) -> tuple[SymbolFreshness, ...]:
    """Every symbol of the day and feed that is watched now, at a market time."""
    found = []
    for row in connection.execute(read_sql("monitor/freshness")):
        symbol, feed, calendar_name, trading_date, pre_open_at, post_close_at, latest_event_at, covered_until = row
        # A day that is over and was asked for to its end is fully known, however long ago it was.
        due_until = min(market_at, post_close_at)
        uncovered = None
        if covered_until is not None:
            uncovered = max((due_until - max(covered_until, pre_open_at)).total_seconds(), 0.0)
        age = None
        if latest_event_at is not None:
            age = max((due_until - max(latest_event_at, pre_open_at)).total_seconds(), 0.0)
            if market_at > post_close_at:
                age += open_seconds(calendar(calendar_name), max(latest_event_at, post_close_at), market_at)
        found.append(SymbolFreshness(symbol, feed, trading_date, latest_event_at, age, covered_until, uncovered))
    return tuple(found)


def open_seconds(sessions: SessionCalendar, start: datetime, end: datetime) -> float:
    """Seconds between two moments while the market was open, extended hours included; 0 when `end` is not later."""
    total = 0.0
    at = start
    while at < end:
        session = sessions.current_or_next(at)
        opened, closed = max(session.pre_open_at, start), min(session.post_close_at, end)
        total += max((closed - opened).total_seconds(), 0.0)
        at = session.post_close_at
    return total
