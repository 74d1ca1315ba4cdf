"""Rollups: every figure a function of the stored facts, recomputed whole.

A day (its bars and its daily rows) is one transaction and days are computed one at a time, so runs at once and runs
that die leave every day either old or new. What spans days (the split-adjusted series, weeks, months) follows in the
last day's transaction, each symbol from its first changed day on; until then it is marked in ops.dirty_series. Dirt
that the stream adds while a day is computed survives, and the next run computes the day again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.coverage import store_coverage
from marketpulse.warehouse.feed_order import replace_feed_order
from marketpulse.warehouse.rollup_days import RollupDay, dirty_days, neighbours, recorded_days

logger = logging.getLogger(__name__)

# Symbols whose series are computed by one statement: bounds its memory at some hundred thousand rows.
_SERIES_SYMBOLS = 100


@dataclass(frozen=True, slots=True)
class ComputedDay:
    """One recomputed day: which symbols were looked at, and how many rows (symbol, feed) it now has for them."""

    trading_date: date
    symbols: tuple[str, ...]
    rows: int


def compute_daily(
    dsn: str, date_from: date | None = None, date_to: date | None = None, *, feed_order: Sequence[str] = ()
) -> tuple[ComputedDay, ...]:
    """Recompute every recorded day between two dates, oldest first; without any date, the dirty days. Then everything
    downstream of them. Returns the computed days.

    `dsn` is the operations role's; `feed_order` replaces the stored order of feeds, empty leaves it. Idempotent. Days
    finished before a failure stay computed. A sealed day of a range is left out with a warning; one that is dirty keeps
    its figures but for the previous close. Raises OperatorError for a range that is reversed, in the future or sealed
    as a whole; and, when all else is computed, for symbols of an unknown calendar, whose days stay as they are.
    """
    dirty_only = date_from is None and date_to is None
    with outages(dsn), connect(dsn, application_name="rollups", autocommit=True) as connection:
        if feed_order:
            with connection.transaction():
                connection.execute(read_sql("rollups/lock"))
                replace_feed_order(connection, feed_order)
        days = dirty_days(connection) if dirty_only else recorded_days(connection, date_from, date_to)
        done, unplaced = list[ComputedDay | None](), dict[str, frozenset[str]]()
        for day in days[:-1]:
            with connection.transaction():
                done.append(_compute_day(connection, day, unplaced))
        with connection.transaction():
            done += [_compute_day(connection, day, unplaced) for day in days[-1:]]
            extend_series(connection)
    if unplaced:
        raise OperatorError(
            "; ".join(
                f"unknown trading calendar {name!r} of {', '.join(sorted(who))}" for name, who in unplaced.items()
            )
            + ": not computed, all else is; correct CALENDAR and the rows of market.subscription and market.session"
        )
    return tuple(day for day in done if day is not None)


def extend_series(connection: psycopg.Connection) -> None:
    """Compute the series, weeks and months of every symbol that waits for them. Runs in the caller's transaction."""
    connection.execute(read_sql("rollups/lock"))
    connection.execute(read_sql("rollups/spread_dirty_series"))
    while waiting := connection.execute(read_sql("rollups/take_dirty_series"), {"maximum": _SERIES_SYMBOLS}).fetchall():
        values = {"symbols": [symbol for symbol, _ in waiting], "from_dates": [day for _, day in waiting]}
        for name in ("daily_series", "period"):
            connection.execute(stored_from(name), values)


def stored_from(name: str) -> sql.Composed:
    """The statement that computes a rollup and puts it in place: its store.sql around its query.sql."""
    return sql.SQL(read_sql(f"rollups/{name}/store")).format(query=sql.SQL(read_sql(f"rollups/{name}/query")))


def _compute_day(
    connection: psycopg.Connection, day: RollupDay, unplaced: dict[str, frozenset[str]]
) -> ComputedDay | None:
    """One day in the caller's transaction; None for a sealed one, whose figures stay. Symbols of a calendar that does
    not exist are left out and added to `unplaced`."""
    around = neighbours(connection, day.trading_date, day.symbols)
    symbols = around.placed(day.symbols)
    for name, followers in around.unplaced.items():
        unplaced[name] = unplaced.get(name, frozenset()) | followers
    values: dict[str, Any] = {
        "trading_date": day.trading_date,
        "symbols": symbols,
        "calendars": around.calendars,
        "previous_dates": around.previous_dates,
        "next_dates": around.next_dates,
    }
    connection.execute(read_sql("rollups/lock"))
    # Read before the facts: what is dirtied from here on has a higher revision.
    revisions = connection.execute(read_sql("rollups/select_revisions"), values).fetchall()
    computed, waiting = None, set[str]()
    if day.is_sealed:
        logger.warning("%s is sealed: its events were dropped, its stored rollup stays", day.trading_date)
        _link(connection, values, [day.trading_date] * len(around.calendars), around.previous_dates)
    else:
        store_coverage(connection, day.trading_date, symbols)
        # What the stream will read says nothing of itself when it is no news: such days stay dirty until then.
        waiting = {symbol for (symbol,) in connection.execute(read_sql("rollups/coverage/mark_waiting"), values)}
        connection.execute(stored_from("bar"), values)
        stored = connection.execute(stored_from("daily"), values)
        computed = ComputedDay(day.trading_date, tuple(symbols), stored.rowcount)
        connection.execute(stored_from("reconciliation"), values)
        _link(connection, values, around.next_dates, [day.trading_date] * len(around.calendars))
    connection.execute(read_sql("rollups/mark_series"), values)
    seen_dirt = [(symbol, revision) for symbol, revision in revisions if symbol not in waiting]
    seen = {
        "trading_date": day.trading_date,
        "symbols": [symbol for symbol, _ in seen_dirt],
        "revisions": [revision for _, revision in seen_dirt],
    }
    connection.execute(read_sql("rollups/clear_dirty"), seen)
    return computed


def _link(
    connection: psycopg.Connection, values: dict[str, Any], dates: list[date], previous_dates: list[date]
) -> None:
    connection.execute(read_sql("rollups/daily/link"), values | {"dates": dates, "previous_dates": previous_dates})
