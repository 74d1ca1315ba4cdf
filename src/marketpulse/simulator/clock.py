"""The simulated market's clock: real time, any multiple of it, or moved by hand.

A setting is a line through (market time, host time), so a restarted process that reads it back tells the same time as
one that never stopped.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.events.timestamps import datetime_ns, ns_datetime

Mode = Literal["real", "fast", "step"]
MAX_SPEED = 100_000.0


@dataclass(frozen=True, slots=True)
class Tick:
    """What the clock says: market time in nanoseconds, market seconds per host second, and how it is driven."""

    market_ns: int
    speed: float
    mode: Mode

    @property
    def market_at(self) -> datetime:
        return ns_datetime(self.market_ns)


class ClockSetting(msgspec.Struct, frozen=True):
    """How the market's time follows the host's: it was `market_ns` at `host_ns`; both idle when mode is real."""

    mode: Mode = "real"
    market_ns: int = 0
    host_ns: int = 0
    speed: float = 1.0

    def at(self, host_ns: int) -> int:
        if self.mode == "real":
            return host_ns
        if self.mode == "step":
            return self.market_ns
        return self.market_ns + int((host_ns - self.host_ns) * self.speed)


class MarketTime:
    """The clock itself. Safe to share among threads; between two settings it never goes back."""

    def __init__(self, setting: ClockSetting | None = None, *, host_ns: Callable[[], int] = time.time_ns) -> None:
        self._host_ns = host_ns
        self._lock = threading.Lock()
        self._setting = setting or ClockSetting()
        self._last_ns = self._setting.at(host_ns())

    @property
    def setting(self) -> ClockSetting:
        return self._setting

    def now_ns(self) -> int:
        with self._lock:
            self._last_ns = max(self._last_ns, self._setting.at(self._host_ns()))
            return self._last_ns

    def read(self) -> Tick:
        now_ns = self.now_ns()
        setting = self._setting
        speed = {"real": 1.0, "fast": setting.speed, "step": 0.0}[setting.mode]
        return Tick(now_ns, speed, setting.mode)

    def run_real(self) -> None:
        """Follow the host's clock."""
        self._install(ClockSetting())

    def run_fast(self, market_at: datetime, speed: float) -> None:
        """Run from `market_at` at `speed` market seconds per host second."""
        if not 0 < speed <= MAX_SPEED:
            raise OperatorError(f"speed {speed:g} is out of range: use more than 0 and at most {MAX_SPEED:g}")
        self._install(ClockSetting("fast", datetime_ns(market_at), self._host_ns(), speed))

    def stand(self, market_at: datetime) -> None:
        """Stand at `market_at` until advanced."""
        self._install(ClockSetting("step", datetime_ns(market_at), self._host_ns(), 1.0))

    def advance(self, by: timedelta) -> None:
        """Jump ahead. Raises OperatorError in real mode, and for a step back."""
        if by < timedelta():
            raise OperatorError("advance_s is negative: set market_at to go back in time")
        setting = self._setting
        if setting.mode == "real":
            raise OperatorError("the clock follows real time and cannot be advanced: set mode step or fast first")
        by_ns = (by.days * 86_400 + by.seconds) * 1_000_000_000 + by.microseconds * 1000
        self._install(msgspec.structs.replace(setting, market_ns=setting.market_ns + by_ns))

    def _install(self, setting: ClockSetting) -> None:
        with self._lock:
            self._setting = setting
            self._last_ns = setting.at(self._host_ns())
