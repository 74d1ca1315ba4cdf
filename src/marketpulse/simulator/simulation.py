"""The running simulator as one value: market, clock, faults, limits, log and saved state, shared by both faces."""

import logging
import threading
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from marketpulse.errors import OperatorError
from marketpulse.events.timestamps import datetime_ns, ns_datetime
from marketpulse.simulator.access import RECENT_NS, RateLimit
from marketpulse.simulator.clock import ClockSetting, MarketTime
from marketpulse.simulator.faults import Faults
from marketpulse.simulator.market import EXCHANGE_FEEDS, Market
from marketpulse.simulator.request_log import RequestLog
from marketpulse.simulator.rows import DayRows
from marketpulse.simulator.state import SavedState, StateFile
from marketpulse.simulator.tape import TapeSource
from marketpulse.simulator.truth import SymbolTruth, Truth, malformed, symbol_truth
from marketpulse.simulator.wire import time_text

logger = logging.getLogger(__name__)

# The provider fails once on every day of the exchange, in New York time.
_OUTAGE_AT = time(11, 0)
_OUTAGE_MIN = 7
_NEW_YORK = ZoneInfo("America/New_York")


def outage_hours(trading_date: date) -> tuple[datetime, datetime]:
    """From when to when the provider answers 503 on a day of the exchange (UTC)."""
    start = datetime.combine(trading_date, _OUTAGE_AT, _NEW_YORK).astimezone(UTC)
    return start, start + timedelta(minutes=_OUTAGE_MIN)


class Simulation:
    """Owns everything that both faces share. Safe to share among threads."""

    def __init__(self, *, seed: int, clock: ClockSetting | None = None, state_file: Path | None = None) -> None:
        """A saved state of the same seed wins over `clock`. Raises OperatorError when the state cannot be kept."""
        self.market = Market(seed)
        self.faults = Faults()
        self.limits = RateLimit()
        self.log = RequestLog()
        self._file = StateFile(state_file)
        self._saving = threading.Lock()
        saved = self._file.load(seed)
        self.clock = MarketTime(saved.clock if saved else clock)
        for source in saved.tapes if saved else ():
            try:
                self.market.load(source)
            except OperatorError as error:
                logger.warning("a tape of the saved state is gone: %s", error)
        self.save()

    def warm_up(self) -> None:
        """Reads the exchange's calendar in the background: it takes seconds, and no request should wait for it."""
        threading.Thread(target=self.market.sessions, args=("sip",), name="calendar", daemon=True).start()

    def save(self) -> None:
        """Writes down the clock's setting and the tapes."""
        with self._saving:
            self._file.save(SavedState(self.market.seed, self.clock.setting, self.market.tapes))

    def load_tape(self, source: TapeSource) -> DayRows:
        rows = self.market.load(source)
        self.save()
        return rows

    def is_out(self, feed: str, now_ns: int) -> bool:
        """Whether the day's own outage is on: feeds of the exchange only, a few minutes of each of its days."""
        if feed not in EXCHANGE_FEEDS:
            return False
        day = ns_datetime(now_ns).astimezone(_NEW_YORK).date()
        start, end = outage_hours(day)
        is_on = datetime_ns(start) <= now_ns < datetime_ns(end)
        return is_on and self.market.sessions(feed).session(day) is not None

    def truth(self, feed: str, trading_date: date) -> Truth:
        """The truth ledger of a day as of now."""
        now_ns = self.clock.now_ns() - (RECENT_NS if feed == "delayed_sip" else 0)
        symbols: dict[str, SymbolTruth] = {}
        unreadable = 0
        for symbol in self.market.symbols(feed):
            rows = self.market.day(feed, symbol, trading_date)
            if rows is not None:
                symbols[symbol] = symbol_truth(rows, now_ns)
                unreadable += malformed(rows, now_ns)
        return Truth(
            trading_date=trading_date.isoformat(),
            feed=feed,
            market_at=time_text(now_ns),
            symbols=symbols,
            malformed=unreadable,
            total_trades=sum(one.trades for one in symbols.values()),
            total_versions=sum(one.versions for one in symbols.values()),
        )
