"""Daily rollups: each day a function of the stored facts, recomputed whole.

A day is one transaction and days are computed one at a time, so runs at once and runs that die leave every day either
old or new. Dirt that the stream adds while a day is computed survives, and the next run computes the day again.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
from psycopg import sql

from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.coverage import store_coverage


@dataclass(frozen=True, slots=True)
class ComputedDay:
    """One recomputed day: which symbols were looked at, and how many rows (symbol, feed) it now has for them."""

    trading_date: date
    symbols: tuple[str, ...]
    rows: int


def compute_daily(dsn: str, date_from: date | None = None, date_to: date | None = None) -> tuple[ComputedDay, ...]:
    """Recompute every recorded day between two dates, oldest first; without any date, the dirty days.

    `dsn` is the operations role's. Idempotent. Days finished before a failure stay computed.
    """
    dirty_only = date_from is None and date_to is None
    with outages(dsn), connect(dsn, application_name="rollups", autocommit=True) as connection:
        if dirty_only:
            days = connection.execute(read_sql("rollups/select_dirty")).fetchall()
        else:
            bounds = {"date_from": date_from, "date_to": date_to}
            days = connection.execute(read_sql("rollups/select_range"), bounds).fetchall()
        return tuple(_compute_day(connection, trading_date, symbols) for trading_date, symbols in days)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The sessions around one trading date, by calendar."""

    calendars: list[str]
    previous_dates: list[date]
    next_dates: list[date]


def neighbours(connection: psycopg.Connection, trading_date: date) -> Neighbours:
    """The sessions before and after a date in every calendar that its subscriptions follow."""
    rows = connection.execute(read_sql("rollups/select_calendars"), {"trading_date": trading_date}).fetchall()
    found = [
        (name, _nearest(calendar(name), trading_date, step=-1), _nearest(calendar(name), trading_date, step=1))
        for (name,) in rows
    ]
    return Neighbours([name for name, _, _ in found], [day for _, day, _ in found], [day for _, _, day in found])


def _compute_day(connection: psycopg.Connection, trading_date: date, symbols: list[str]) -> ComputedDay:
    around = neighbours(connection, trading_date)
    day = {
        "trading_date": trading_date,
        "symbols": symbols,
        "calendars": around.calendars,
        "previous_dates": around.previous_dates,
        "next_dates": around.next_dates,
    }
    store = sql.SQL(read_sql("rollups/daily/store")).format(query=sql.SQL(read_sql("rollups/daily/query")))
    with connection.transaction():
        connection.execute(read_sql("rollups/lock"))
        # Read before the facts: what is dirtied from here on has a higher revision.
        revisions = connection.execute(read_sql("rollups/select_revisions"), day).fetchall()
        store_coverage(connection, trading_date, symbols)
        stored = connection.execute(store, day)
        connection.execute(read_sql("rollups/daily/link_next"), day)
        seen = {
            "trading_date": trading_date,
            "symbols": [symbol for symbol, _ in revisions],
            "revisions": [revision for _, revision in revisions],
        }
        connection.execute(read_sql("rollups/clear_dirty"), seen)
        return ComputedDay(trading_date, tuple(symbols), stored.rowcount)


def _nearest(sessions: SessionCalendar, trading_date: date, *, step: int) -> date:
    """The next trading date before (-1) or after (+1) this one; no exchange stays closed for two weeks."""
    days = [trading_date + timedelta(days=step * distance) for distance in range(1, 15)]
    return next((day for day in days if sessions.session(day) is not None), days[-1])
