"""The two clocks.

The host clock stamps what we did and when (requested, received, leases, lag). The market clock decides what the
exchange is doing: session open, lateness, bar closing. They are the same clock unless a simulator plays the market.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import requests

from marketpulse.errors import OperatorError, RetriableError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime: ...


class HostClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What a market clock said: the market time at a moment of the host's monotonic clock, and its speed."""

    market_at: datetime
    read_at_s: float
    speed: float

    def at(self, monotonic_s: float) -> datetime:
        """Market time at a later moment of the host's monotonic clock (seconds)."""
        return self.market_at + timedelta(seconds=(monotonic_s - self.read_at_s) * self.speed)


class SimulatedMarketClock:
    """A market clock served over HTTP by the simulator's control API (`GET <url>/clock`).

    Reads at most once per `refresh_s` host seconds and extrapolates with the clock's own speed in between, and while
    the control API is away. Raises RetriableError only when it has never had an answer. Safe to share among threads.
    """

    def __init__(self, url: str, *, refresh_s: float = 0.5, timeout_s: float = 2.0) -> None:
        self._url = url.rstrip("/") + "/clock"
        self._refresh_s = refresh_s
        self._timeout_s = timeout_s
        self._reading: ClockReading | None = None
        self._lock = threading.Lock()
        self._session = direct_session(url)

    def now(self) -> datetime:
        with self._lock:
            monotonic_s = time.monotonic()
            if self._reading is None or monotonic_s - self._reading.read_at_s >= self._refresh_s:
                self._reading = self._read() or self._reading
            if self._reading is None:
                raise RetriableError(f"the market clock at {self._url} does not answer: is the simulator running?")
            return self._reading.at(time.monotonic())

    @property
    def speed(self) -> float:
        """Market seconds a host second, as the clock last said; 1 before its first answer."""
        reading = self._reading
        return 1.0 if reading is None else reading.speed

    def _read(self) -> ClockReading | None:
        try:
            answer = self._session.get(self._url, timeout=self._timeout_s)
            answer.raise_for_status()
            body = answer.json()
            market_at = datetime.fromisoformat(body["market_at"])
            return ClockReading(market_at.astimezone(UTC), time.monotonic(), float(body["speed"]))
        except (requests.RequestException, ValueError, KeyError):
            return None


def direct_session(url: str) -> requests.Session:
    """An HTTP session that asks an address of this machine directly, whatever proxy the environment names."""
    session = requests.Session()
    if urlsplit(url).hostname in LOOPBACK_HOSTS:
        session.trust_env = False
    return session


def market_clock(setting: str) -> Clock:
    """The market clock that a setting names: `host`, or the http address of a simulator's control API."""
    if setting == "host":
        return HostClock()
    if setting.startswith(("http://", "https://")):
        return SimulatedMarketClock(setting)
    raise OperatorError(f"MARKETPULSE_MARKET_CLOCK is {setting!r}: use 'host' or the simulator's control address")
