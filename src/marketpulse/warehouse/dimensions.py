"""What the mart's dimensions stand on: calendars with every day of full years, and the listed symbols.

Filled after the migrations and once a day, so that every day and symbol that a fact can name is there.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import psycopg

from marketpulse.clock import Clock, HostClock
from marketpulse.events.listing import Listing, read_listings
from marketpulse.events.session import ROUND_THE_CLOCK, SessionCalendar, calendar
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages


def fill_dimensions(
    dsn: str, primary_calendar: str, *, symbols_file: Path | None = None, host: Clock | None = None
) -> None:
    """Write calendars, days and symbols as they are now. Idempotent, and safe to run at once.

    `dsn` is the operations role's or the owner's; `primary_calendar` says what a trading day is. The years go from the
    first that anything was recorded in to the current one. Raises OperatorError for an unknown calendar and for a
    symbols file that cannot be read, before anything is written.
    """
    listed = read_listings(symbols_file)
    today = (host or HostClock()).now().date()
    with outages(dsn), connect(dsn, application_name="dimensions") as connection:
        connection.execute(read_sql("dimensions/lock"))
        first, last, recorded = connection.execute(read_sql("dimensions/select_span")).fetchall()[0]
        primary = calendar(primary_calendar)
        names = {listing.calendar for listing in listed} | {ROUND_THE_CLOCK, *recorded}
        # An alias gives the calendar under its exchange's name, so one may come twice.
        followed = {sessions.name: sessions for sessions in (primary, *map(calendar, sorted(names)))}
        days = _full_years(min(first or today, today), max(last or today, today))
        _write_calendars(connection, followed.values(), primary.name)
        for sessions in followed.values():
            _write_days(connection, sessions, days)
        _write_symbols(connection, listed)


def _full_years(first: date, last: date) -> list[date]:
    begin, end = date(first.year, 1, 1), date(last.year, 12, 31)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def _write_calendars(connection: psycopg.Connection, followed: Iterable[SessionCalendar], primary: str) -> None:
    followed = tuple(followed)
    values = {
        "calendars": [sessions.name for sessions in followed],
        "time_zones": [sessions.time_zone for sessions in followed],
        "primary_calendar": primary,
    }
    connection.execute(read_sql("dimensions/upsert_calendars"), values)


def _write_days(connection: psycopg.Connection, sessions: SessionCalendar, days: list[date]) -> None:
    planned = [sessions.session(day) for day in days]
    values = {
        "calendar": sessions.name,
        "calendar_dates": days,
        "early_closes": [sessions.closes_early(day) for day in days],
        "pre_opens": [session and session.pre_open_at for session in planned],
        "opens": [session and session.open_at for session in planned],
        "closes": [session and session.close_at for session in planned],
        "post_closes": [session and session.post_close_at for session in planned],
    }
    connection.execute(read_sql("dimensions/upsert_days"), values)


def _write_symbols(connection: psycopg.Connection, listed: Iterable[Listing]) -> None:
    rows = [
        {
            "symbol": listing.symbol,
            "valid_from": listing.valid_from,
            "valid_to": listing.valid_to,
            "name": listing.name,
            "mic": listing.mic,
            "calendar": listing.calendar,
            "currency": listing.currency,
            "sector": listing.sector,
            "is_fictitious": listing.fictitious,
            "renamed_to": listing.renamed_to,
        }
        for listing in listed
    ]
    keys = {"symbols": [row["symbol"] for row in rows], "valid_froms": [row["valid_from"] for row in rows]}
    connection.execute(read_sql("dimensions/delete_symbols"), keys)
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("dimensions/upsert_symbol"), rows)
