"""Which days a run of the rollups computes, and which it must not."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg

from marketpulse.errors import OperatorError
from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.resources import read_sql

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RollupDay:
    """A trading date and the symbols to compute on it. Of a sealed day the events are gone: its figures must stay."""

    trading_date: date
    symbols: list[str]
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The sessions around one trading date, by calendar; and which symbols follow a calendar that does not exist."""

    calendars: list[str]
    previous_dates: list[date]
    next_dates: list[date]
    unplaced: dict[str, frozenset[str]]

    def placed(self, symbols: list[str]) -> list[str]:
        """Those of the symbols whose calendars all exist."""
        left_out = frozenset[str]().union(*self.unplaced.values())
        return [symbol for symbol in symbols if symbol not in left_out]


def dirty_days(connection: psycopg.Connection) -> tuple[RollupDay, ...]:
    """The days that no longer show their facts, oldest first."""
    return tuple(RollupDay(*row) for row in connection.execute(read_sql("rollups/select_dirty")))


def recorded_days(
    connection: psycopg.Connection, date_from: date | None, date_to: date | None
) -> tuple[RollupDay, ...]:
    """The recorded days between two dates, both included, oldest first; None is no bound. However long the range, only
    recorded days cost anything. Sealed days are left out, and the log names them: their stored rollups stay.

    Raises OperatorError for a range that is reversed or begins in the future, and for one that has sealed days only.
    """
    if date_from is not None and date_to is not None and date_from > date_to:
        raise OperatorError(f"the range is reversed: it begins on {date_from} and ends on {date_to}")
    if date_from is not None:
        row = connection.execute(read_sql("rollups/select_newest_date")).fetchone()
        if row is not None and date_from > row[0]:
            raise OperatorError(f"{date_from} is in the future: nothing is recorded after {row[0]}")
    bounds = {"date_from": date_from, "date_to": date_to}
    days = tuple(RollupDay(*row) for row in connection.execute(read_sql("rollups/select_range"), bounds))
    sealed = [day.trading_date for day in days if day.is_sealed]
    if sealed:
        named = f"{sealed[0]}{f' and {len(sealed) - 1} more until {sealed[-1]}' if sealed[1:] else ''}"
        dropped = f"{named} cannot be computed again: retention dropped the events; the stored rollups stay"
        if len(sealed) == len(days):
            raise OperatorError(f"{dropped}, choose a range after {sealed[-1]}")
        logger.warning("%s", dropped)
    return tuple(day for day in days if not day.is_sealed)


def neighbours(connection: psycopg.Connection, trading_date: date, symbols: list[str]) -> Neighbours:
    """The sessions before and after a day in every calendar that the subscriptions of the symbols follow."""
    values = {"trading_date": trading_date, "symbols": symbols}
    rows = connection.execute(read_sql("rollups/select_calendars"), values).fetchall()
    known, unplaced = dict[str, SessionCalendar](), dict[str, frozenset[str]]()
    for name, followers in rows:
        try:
            known[name] = calendar(name)
        except OperatorError:
            unplaced[name] = frozenset(followers)
    return Neighbours(
        list(known),
        [_nearest(sessions, trading_date, step=-1) for sessions in known.values()],
        [_nearest(sessions, trading_date, step=1) for sessions in known.values()],
        unplaced,
    )


def _nearest(sessions: SessionCalendar, trading_date: date, *, step: int) -> date:
    """The next trading date before (-1) or after (+1) this one; no exchange stays closed for two weeks."""
    days = [trading_date + timedelta(days=step * distance) for distance in range(1, 15)]
    return next((day for day in days if sessions.session(day) is not None), days[-1])
