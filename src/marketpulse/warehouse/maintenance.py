"""Daily upkeep of the database: partitions ahead of need, retention, vacuum. The backup has its own module."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import psycopg
from psycopg import sql

from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

DAYS_AHEAD = 7
HEALTH_DAYS = 30


def ensure_partitions(dsn: str, moments: Iterable[datetime], *, days_ahead: int = DAYS_AHEAD) -> tuple[str, ...]:
    """Make the partitions from each moment's date to some days after it; returns their names, new or not.

    Pass the host's and the market's time: a simulated market may be elsewhere. `dsn` is the operations role's.
    """
    days = {moment.date() + timedelta(days=ahead) for moment in moments for ahead in range(days_ahead + 1)}
    with outages(dsn), connect(dsn, application_name="maintenance") as connection:
        rows = connection.execute(read_sql("maintenance/ensure_partitions"), {"trading_dates": sorted(days)})
        return tuple(name for (name,) in rows.fetchall())


def apply_retention(dsn: str, *, now: datetime, retention_days: int) -> tuple[date, ...]:
    """Drop and seal the days whose events all landed more than `retention_days` ago; returns them, oldest first.

    Bars and rollups stay. A day that the stream keeps busy is left for the next run. `dsn` is the operations role's.
    """
    landed_before = now - timedelta(days=retention_days)
    sealed: list[date] = []
    with outages(dsn), connect(dsn, application_name="maintenance", autocommit=True) as connection:
        for (trading_date,) in connection.execute(read_sql("maintenance/select_event_partitions")).fetchall():
            if trading_date < landed_before.date() and _seal(connection, trading_date, landed_before):
                sealed.append(trading_date)
        checked_before = now - timedelta(days=min(HEALTH_DAYS, retention_days))
        connection.execute(read_sql("maintenance/delete_old_health"), {"checked_before": checked_before})
    return tuple(sealed)


def vacuum(dsn: str) -> int:
    """Vacuum and analyze every table of ours; returns how many. `dsn` is the owner's."""
    with outages(dsn), connect(dsn, application_name="maintenance", autocommit=True) as connection:
        tables = connection.execute(read_sql("maintenance/select_tables")).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(schema, table) for schema, table in tables)
        connection.execute(sql.SQL(read_sql("maintenance/vacuum")).format(tables=names))
        return len(tables)


def _seal(connection: psycopg.Connection, trading_date: date, landed_before: datetime) -> bool:
    day = {"trading_date": trading_date, "landed_before": landed_before}
    try:
        row = connection.execute(read_sql("maintenance/seal_event_day"), day).fetchone()
    except psycopg.errors.LockNotAvailable:
        logger.warning("the events of %s are in use, retention tries again at its next run", trading_date)
        return False
    return row is not None and bool(row[0])
