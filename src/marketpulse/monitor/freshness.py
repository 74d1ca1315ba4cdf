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
    """Every symbol watched on the newest day of its feed, at a market time."""
    return tuple(
        SymbolFreshness(
            symbol=symbol,
            feed=feed,
            trading_date=trading_date,
            latest_event_at=latest_event_at,
            event_age_open_seconds=_age(calendar_name, latest_event_at, market_at),
            covered_until=covered_until,
            uncovered_open_seconds=_age(calendar_name, covered_until, _end(calendar_name, trading_date, market_at)),
        )
        for symbol, feed, calendar_name, trading_date, latest_event_at, covered_until in connection.execute(
            read_sql("monitor/freshness")
        )
    )


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


def _end(calendar_name: str, trading_date: date, market_at: datetime) -> datetime:
    """A day that is over and was asked for to its end is fully known, however long ago it was."""
    session = calendar(calendar_name).session(trading_date)
    return market_at if session is None else min(market_at, session.post_close_at)


def _age(calendar_name: str, at: datetime | None, market_at: datetime) -> float | None:
    return None if at is None else open_seconds(calendar(calendar_name), at, market_at)
