"""Coverage: every session minute of a day received, late, or missing with a reason that cites stored rows.

A function of the stored facts, computed whole for a day and some symbols inside the day's transaction. What each reason
means and which one a minute takes: include/sql/rollups/coverage/metadata.yaml.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from marketpulse.events.session import Session, SessionCalendar, calendar
from marketpulse.resources import read_sql

# A shortened day may have shortened neighbours (the week of Thanksgiving), never for two weeks.
_NEIGHBOURS = range(-7, 8)


def store_coverage(connection: psycopg.Connection, trading_date: date, symbols: Sequence[str]) -> int:
    """Put the day's coverage in place of the stored one; returns the runs of minutes that changed. Idempotent.

    Called inside the day's transaction, before the daily rows that count these minutes. Minutes that have not begun by
    the host clock get no row.
    """
    values = coverage_values(connection, trading_date, symbols)
    connection.execute(read_sql("rollups/coverage/note_halts"), values)
    store = sql.SQL(read_sql("rollups/coverage/store")).format(query=sql.SQL(read_sql("rollups/coverage/query")))
    return connection.execute(store, values).rowcount


def coverage_values(connection: psycopg.Connection, trading_date: date, symbols: Sequence[str]) -> dict[str, Any]:
    """The parameters of coverage/query.sql for one day of some symbols."""
    day = {"trading_date": trading_date, "symbols": list(symbols)}
    names = [name for name, _ in connection.execute(read_sql("rollups/select_calendars"), day)]
    ends = [(name, end) for name in names if (end := usual_end(calendar(name), trading_date)) is not None]
    return day | {"calendars": [name for name, _ in ends], "usual_ends": [end for _, end in ends]}


def usual_end(sessions: SessionCalendar, trading_date: date) -> datetime | None:
    """When a shortened day would have ended if it were as long as the longest around it; None for any other day."""
    session = sessions.session(trading_date)
    if session is None:
        return None
    around = (sessions.session(trading_date + timedelta(days=distance)) for distance in _NEIGHBOURS)
    longest = max(_length(known) for known in around if known is not None)
    return session.pre_open_at + longest if longest > _length(session) else None


def _length(session: Session) -> timedelta:
    return session.post_close_at - session.pre_open_at
