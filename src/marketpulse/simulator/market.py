"""The market behind every face: which symbols a feed has, and any of its days, generated on demand and kept a while."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, timedelta

from marketpulse.events.session import ROUND_THE_CLOCK, Session, SessionCalendar, calendar
from marketpulse.events.timestamps import NS_PER_MINUTE, datetime_ns, ns_datetime
from marketpulse.simulator.round_the_clock_day import round_the_clock_day
from marketpulse.simulator.rows import DayRows
from marketpulse.simulator.tape import TapeSource, load_tape
from marketpulse.simulator.universe import STOCK_OF, STOCKS
from marketpulse.simulator.xnys_day import xnys_day

FEEDS = ("sip", "iex", "delayed_sip", "round_the_clock", "tape")
EXCHANGE_FEEDS = ("sip", "iex", "delayed_sip")
# A generated day of all stocks takes some 15 MB. In use are two or three of the exchange, or two round the clock.
_KEPT_DAYS = 8 * len(STOCKS)
# A closing auction's reports come some seconds after the close, so also after the end of a day without after-hours.
_SESSION_SLACK_NS = NS_PER_MINUTE
# No market rests longer than this; beyond the calendar's years there is no session at all.
_LONGEST_PAUSE_DAYS = 14


class Market:
    """Deterministic from its seed; the only state is the tapes. Safe to share among threads."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._days: OrderedDict[tuple[str, str, date], DayRows] = OrderedDict()
        self._generating = threading.Lock()
        self._reading_calendar = threading.Lock()
        self._tapes: dict[tuple[str, date], DayRows] = {}
        self._sources: dict[tuple[str, date], TapeSource] = {}

    def symbols(self, feed: str) -> tuple[str, ...]:
        """Every symbol of a feed, sorted."""
        if feed == "tape":
            return tuple(sorted({symbol for symbol, _ in self._tapes}))
        return tuple(STOCK_OF)

    def load(self, source: TapeSource) -> DayRows:
        """Adds a recorded day, or replaces the one of the same symbol and date. Raises OperatorError for a bad file."""
        rows = load_tape(source, self.sessions("tape"))
        key = (rows.symbol, rows.trading_date)
        self._tapes = {**self._tapes, key: rows}
        self._sources[key] = source
        return rows

    @property
    def tapes(self) -> tuple[TapeSource, ...]:
        return tuple(self._sources.values())

    def sessions(self, feed: str) -> SessionCalendar:
        """The calendar of a feed; the first call for an exchange takes seconds, and others wait for it."""
        if feed == "round_the_clock":
            return calendar(ROUND_THE_CLOCK)
        with self._reading_calendar:
            return calendar("XNYS")

    def day(self, feed: str, symbol: str, trading_date: date) -> DayRows | None:
        """The rows of a symbol on a date; None when the feed has no such symbol or no session that day."""
        if feed == "tape":
            return self._tapes.get((symbol, trading_date))
        if symbol not in STOCK_OF:
            return None
        source = "sip" if feed == "delayed_sip" else feed
        key = (source, symbol, trading_date)
        if (rows := self._days.get(key)) is not None:
            return rows
        session = self.sessions(feed).session(trading_date)
        if session is None:
            return None
        with self._generating:
            if key not in self._days:
                self._keep(key, session)
            return self._days[key]

    def days(self, feed: str, symbol: str, start_ns: int, end_ns: int) -> Iterator[DayRows]:
        """The symbol's days that may hold events in [start, end], oldest first."""
        if feed == "tape":
            held = sorted((day, rows) for (name, day), rows in self._tapes.items() if name == symbol)
            yield from (rows for _, rows in held)
            return
        # An exchange's day may end after midnight UTC.
        day = ns_datetime(start_ns).date() - timedelta(days=1)
        last = ns_datetime(end_ns).date()
        sessions = self.sessions(feed)
        while day <= last:
            session = sessions.session(day)
            if session is not None and _overlaps(session, start_ns, end_ns):
                rows = self.day(feed, symbol, day)
                if rows is not None:
                    yield rows
            day += timedelta(days=1)

    def latest(self, feed: str, symbol: str, now_ns: int) -> tuple[DayRows | None, DayRows | None]:
        """The rows of the session that began last before `now_ns`, and of the one before it."""
        if feed == "tape":
            begun = [day for name, day in sorted(self._tapes) if name == symbol]
            begun = [day for day in begun if datetime_ns(self._tapes[symbol, day].session.pre_open_at) <= now_ns]
            rows = [self._tapes[symbol, day] for day in begun[-2:]]
            return (rows[-1] if rows else None), (rows[0] if len(rows) > 1 else None)
        found: list[DayRows | None] = []
        sessions, day = self.sessions(feed), ns_datetime(now_ns).date()
        for _ in range(_LONGEST_PAUSE_DAYS):
            session = sessions.session(day)
            if session is not None and datetime_ns(session.pre_open_at) <= now_ns:
                found.append(self.day(feed, symbol, day))
            if len(found) == 2:
                return found[0], found[1]
            day -= timedelta(days=1)
        return None, None

    def _keep(self, key: tuple[str, str, date], session: Session) -> None:
        source, symbol, trading_date = key
        stock = STOCK_OF[symbol]
        if source == "round_the_clock":
            self._days[key] = round_the_clock_day(self.seed, stock, session)
        else:
            before = _before(self.sessions(source), trading_date)
            # One stock a day carries the unreadable record; the first is in everybody's symbol list.
            rows = xnys_day(self.seed, stock, session, before, unreadable=stock is STOCKS[0])
            self._days["sip", symbol, trading_date] = rows
            self._days["iex", symbol, trading_date] = rows.only(rows.trades.on_free_feed)
        while len(self._days) > _KEPT_DAYS:
            self._days.popitem(last=False)


def _overlaps(session: Session, start_ns: int, end_ns: int) -> bool:
    return (
        datetime_ns(session.pre_open_at) <= end_ns
        and start_ns <= datetime_ns(session.post_close_at) + _SESSION_SLACK_NS
    )


def _before(sessions: SessionCalendar, day: date) -> date:
    """The date of the session before a date; the day before where the calendar ends."""
    for back in range(1, _LONGEST_PAUSE_DAYS):
        if sessions.session(day - timedelta(days=back)) is not None:
            return day - timedelta(days=back)
    return day - timedelta(days=1)
