"""The trading calendar: which session a moment belongs to, and which part of it.

Extended hours of XNYS: pre 04:00 to the open, post from the close to 20:00 New York time (17:00 after an early close).
`24/7` is one regular session per UTC day.
"""

import warnings
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from marketpulse.errors import OperatorError
from marketpulse.events.event import SessionPart
from marketpulse.events.timestamps import NS_PER_DAY, datetime_ns, ns_datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; all times aware UTC.

    Its parts are half open: pre from `pre_open_at`, regular from `open_at`, post from `close_at` to `post_close_at`.
    """

    calendar: str
    trading_date: date
    pre_open_at: datetime
    open_at: datetime
    close_at: datetime
    post_close_at: datetime


class SessionCalendar(Protocol):
    """Sessions of one exchange; `time_zone` is the IANA name of its clock's zone."""

    name: str
    time_zone: str

    def session(self, trading_date: date) -> Session | None:
        """The session of a date, None when the exchange is closed that day."""
        ...

    def closes_early(self, trading_date: date) -> bool:
        """Whether the session of that date ends sooner than usual."""
        ...

    def current_or_next(self, at: datetime) -> Session:
        """The session whose post close is after `at`."""
        ...

    def last_completed(self, at: datetime) -> Session:
        """The newest session whose post close is not after `at`."""
        ...

    def place(self, event_time_ns: int) -> tuple[date, SessionPart]:
        """Trading date and session part of a moment.

        Time after post close belongs to the next session: as overnight in the eight hours before that session's
        pre-market, else as closed. A moment outside the years the calendar knows is closed, on its own local date.
        """
        ...


ROUND_THE_CLOCK = "24/7"

# The calendars of exchange_calendars begin some twenty years back unless told otherwise; events are kept from 1990 on.
_FIRST_SESSION = "1990-01-01"
_OVERNIGHT = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class ExtendedHours:
    """Local times of trading outside the regular hours; the post-market ends sooner after an early close."""

    pre_open: time
    post_close: time
    early_post_close: time
    usual_close: time


_US_EXTENDED = ExtendedHours(time(4), time(20), time(17), time(16))
_EXTENDED_HOURS = {"XNYS": _US_EXTENDED, "XNAS": _US_EXTENDED}


class RoundTheClockCalendar:
    """A market that never closes: every UTC day is one session, all of it regular."""

    name = ROUND_THE_CLOCK
    time_zone = "UTC"

    def session(self, trading_date: date) -> Session | None:
        start = datetime.combine(trading_date, time(), UTC)
        end = start + timedelta(days=1)
        return Session(self.name, trading_date, start, start, end, end)

    def closes_early(self, trading_date: date) -> bool:
        return False

    def current_or_next(self, at: datetime) -> Session:
        return self._on(at.astimezone(UTC).date())

    def last_completed(self, at: datetime) -> Session:
        return self._on(at.astimezone(UTC).date() - timedelta(days=1))

    def place(self, event_time_ns: int) -> tuple[date, SessionPart]:
        return _utc_date(event_time_ns // NS_PER_DAY), "regular"

    def _on(self, trading_date: date) -> Session:
        session = self.session(trading_date)
        assert session is not None  # noqa: S101 - every day has one
        return session


class ExchangeCalendar:
    """An exchange's sessions from 1990 to a year ahead, laid out as sorted nanosecond bounds for binary search."""

    def __init__(self, name: str, source: Any) -> None:
        self.name = name
        self.time_zone = str(source.tz)
        self._zone = ZoneInfo(self.time_zone)
        self._early = frozenset(label.date() for label in source.early_closes)
        self._sessions = tuple(
            _session(name, self._zone, opens.to_pydatetime(), closes.to_pydatetime(), label.date())
            for label, opens, closes in zip(source.sessions, source.opens, source.closes, strict=True)
        )
        self._by_date = {session.trading_date: session for session in self._sessions}
        self._overnight_ns = [datetime_ns(session.pre_open_at - _OVERNIGHT) for session in self._sessions]
        self._pre_open_ns = [datetime_ns(session.pre_open_at) for session in self._sessions]
        self._open_ns = [datetime_ns(session.open_at) for session in self._sessions]
        self._close_ns = [datetime_ns(session.close_at) for session in self._sessions]
        self._post_close_ns = [datetime_ns(session.post_close_at) for session in self._sessions]

    def session(self, trading_date: date) -> Session | None:
        return self._by_date.get(trading_date)

    def closes_early(self, trading_date: date) -> bool:
        return trading_date in self._early

    def current_or_next(self, at: datetime) -> Session:
        return self._at(bisect_right(self._post_close_ns, datetime_ns(at)), at)

    def last_completed(self, at: datetime) -> Session:
        return self._at(bisect_right(self._post_close_ns, datetime_ns(at)) - 1, at)

    def place(self, event_time_ns: int) -> tuple[date, SessionPart]:
        index = bisect_right(self._post_close_ns, event_time_ns)
        if index == len(self._sessions) or event_time_ns < self._overnight_ns[0]:
            return ns_datetime(event_time_ns).astimezone(self._zone).date(), "closed"
        return self._sessions[index].trading_date, self._part(index, event_time_ns)

    def _part(self, index: int, event_time_ns: int) -> SessionPart:
        if event_time_ns >= self._close_ns[index]:
            return "post"
        if event_time_ns >= self._open_ns[index]:
            return "regular"
        if event_time_ns >= self._pre_open_ns[index]:
            return "pre"
        return "overnight" if event_time_ns >= self._overnight_ns[index] else "closed"

    def _at(self, index: int, at: datetime) -> Session:
        if 0 <= index < len(self._sessions):
            return self._sessions[index]
        first, last = self._sessions[0].trading_date, self._sessions[-1].trading_date
        raise OperatorError(
            f"the calendar {self.name} knows {first} to {last} and not {at:%Y-%m-%d}: check the market clock"
        )


def _session(name: str, zone: ZoneInfo, open_at: datetime, close_at: datetime, day: date) -> Session:
    open_at, close_at = open_at.astimezone(UTC), close_at.astimezone(UTC)
    hours = _EXTENDED_HOURS.get(name)
    if hours is None:
        return Session(name, day, open_at, open_at, close_at, close_at)
    early = close_at < datetime.combine(day, hours.usual_close, zone)
    pre_open_at = datetime.combine(day, hours.pre_open, zone).astimezone(UTC)
    post_close = hours.early_post_close if early else hours.post_close
    post_close_at = datetime.combine(day, post_close, zone).astimezone(UTC)
    return Session(name, day, min(pre_open_at, open_at), open_at, close_at, max(post_close_at, close_at))


@cache
def _utc_date(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)


@cache
def calendar(name: str) -> SessionCalendar:
    """The calendar of a name, built once a process (seconds, mostly imports): an exchange_calendars name, or `24/7`.

    An alias gives the calendar of the exchange it stands for, under that exchange's name. Raises OperatorError for an
    unknown name.
    """
    if name == ROUND_THE_CLOCK:
        return RoundTheClockCalendar()
    # Pandas comes with it and takes a second or more to import: only a process that asks for an exchange pays.
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    # It reads its own schedule in a way that this pandas announces to change; nothing that a caller could act on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = exchange_calendars.get_calendar(name, start=_FIRST_SESSION)
        except InvalidCalendarName:
            raise OperatorError(
                f"unknown trading calendar {name!r}: use an exchange code such as XNYS, or 24/7"
            ) from None
        return ExchangeCalendar(str(source.name), source)
