"""Reads one session from the mart, in one snapshot, with whichever role may see the mart."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TypeVar

import psycopg
from psycopg.rows import class_row

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.report.rows import (
    BarRow,
    CheckRow,
    DayRow,
    PipelineRow,
    ReasonMinutes,
    ReconciliationRow,
    RestatementRow,
    SessionFacts,
    SessionHours,
    Stretch,
    VolumeRow,
)
from marketpulse.report.selection import candle_symbols, feed_of, map_symbols, of_feeds, sessions_of, within_budget
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

MOST_RESTATEMENTS = 300
# Longer sessions (24/7) get bars of a quarter of an hour, so that a candle keeps a width.
LONGEST_5_MIN_SESSION = 13 * 60

Row = TypeVar("Row")


def read_session(dsn: str, trading_date: date) -> SessionFacts:
    """Everything the report shows of a date.

    Raises OperatorError when no session of that date was recorded or the mart is not there, RetriableError for an
    outage or when the role's statement timeout ends a query.
    """
    with _explained(), outages(dsn), connect(dsn, application_name="report") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return _read(connection, trading_date)


def _read(connection: psycopg.Connection, trading_date: date) -> SessionFacts:
    day = {"trading_date": trading_date}
    days = _rows(connection, DayRow, "days", day)
    all_reasons = _rows(connection, ReasonMinutes, "reason_minutes", day)
    if not days and not all_reasons:
        _assert_recorded(connection, trading_date)
    sessions = sessions_of(_rows(connection, SessionHours, "sessions", day), days)
    longest = max((session.regular_minutes for session in sessions), default=0)
    interval_min = 5 if longest <= LONGEST_5_MIN_SESSION else 15
    interval = {**day, "interval_min": interval_min}
    candles = {"symbols": [row.symbol for row in candle_symbols(days)]}
    feeds = feed_of(days, all_reasons)
    reasons = of_feeds(all_reasons, feeds)
    ranked = map_symbols(reasons)
    mapped = {**day, "symbols": list(ranked), "feeds": [feeds[symbol] for symbol in ranked]}
    return SessionFacts(
        trading_date=trading_date,
        sessions=sessions,
        interval_min=interval_min,
        days=days,
        bars=_rows(connection, BarRow, "bars", {**interval, **candles}),
        volumes=_rows(connection, VolumeRow, "volume", interval),
        reasons=reasons,
        stretches=within_budget(_rows(connection, Stretch, "stretches", mapped), ranked),
        restatements=_rows(connection, RestatementRow, "restatements", {**day, "most": MOST_RESTATEMENTS}),
        checks=_rows(connection, CheckRow, "checks", day),
        reconciliation=_rows(connection, ReconciliationRow, "reconciliation", day),
        pipeline=next(iter(_rows(connection, PipelineRow, "pipeline", {})), None),
    )


def _rows(connection: psycopg.Connection, row: type[Row], name: str, values: Mapping[str, object]) -> tuple[Row, ...]:
    with connection.cursor(row_factory=class_row(row)) as cursor:
        return tuple(cursor.execute(read_sql(f"report/{name}"), values).fetchall())


def _assert_recorded(connection: psycopg.Connection, trading_date: date) -> None:
    """A day of which nothing came is a report; one that nobody watched is a mistake of who asks."""
    row = connection.execute(read_sql("report/recorded"), {"trading_date": trading_date}).fetchone()
    is_trading_day, is_recorded, first, last = row or (None, False, None, None)
    if is_recorded:
        return
    if first is None:
        raise OperatorError("no session was recorded yet: there is nothing to report")
    if trading_date > last:
        raise OperatorError(f"{trading_date} is not recorded yet: the newest recorded session is {last}")
    why = ", which is no trading day" if is_trading_day is False else ""
    raise OperatorError(f"no session was recorded on {trading_date}{why}: use one from {first} to {last}")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except RetriableError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise RetriableError("a query of the report took longer than its database role may: try again") from None
        raise
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
        raise OperatorError("the database has no mart of this version: run 'marketpulse migrate apply'") from None
    except psycopg.errors.InsufficientPrivilege:
        raise OperatorError("this role may not read the mart: use the reader's or the operations one") from None
