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
from marketpulse.report.selection import candle_symbols, feed_of, map_symbols, of_feeds, within_budget
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
    sessions = _rows(connection, SessionHours, "sessions", day)
    if not sessions:
        raise _unknown(connection, trading_date)
    longest = max(session.regular_minutes for session in sessions)
    interval_min = 5 if longest <= LONGEST_5_MIN_SESSION else 15
    interval = {**day, "interval_min": interval_min}
    days = _rows(connection, DayRow, "days", day)
    drawn = candle_symbols(days)
    candles = {"symbols": [row.symbol for row in drawn], "feeds": [row.feed for row in drawn]}
    all_reasons = _rows(connection, ReasonMinutes, "reason_minutes", day)
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


def _unknown(connection: psycopg.Connection, trading_date: date) -> OperatorError:
    first, last = connection.execute(read_sql("report/recorded")).fetchone() or (None, None)
    if first is None:
        return OperatorError("no session was recorded yet: there is nothing to report")
    if trading_date > last:
        return OperatorError(f"{trading_date} is not recorded yet: the newest recorded session is {last}")
    return OperatorError(f"no session was recorded on {trading_date}: recorded ones lie between {first} and {last}")


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
