"""Stopping on a signal: drain, but never for longer than the supervisor allows."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from marketpulse.ingest.progress import ProgressReporter, Waiting

# Airflow gives a stopped task five seconds. A drain that takes longer is cut off; what it did not commit is read again.
DRAIN_LIMIT_S = 3.8
_SLICE_S = 0.1


class StopRequestedError(Exception):
    """Unwinds the main thread to the place that drains."""


class Shutdown:
    """Remembers the first SIGTERM or SIGINT, and ends the process hard when draining takes too long."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def install(self) -> None:
        """Takes over SIGTERM and SIGINT. Call in the main thread."""
        signal.signal(signal.SIGTERM, self._handle)
        signal.signal(signal.SIGINT, self._handle)

    def request(self, number: int = signal.SIGTERM) -> None:
        """Asks the main thread to stop. Safe in a signal handler and from any thread."""
        if self.signal_number is None:
            self.signal_number = number

    @property
    def exit_status(self) -> int:
        """128 + the signal, as a shell says it; 0 when nobody asked to stop."""
        return 0 if self.signal_number is None else 128 + self.signal_number

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.request(number)
        signal.signal(signal.SIGALRM, self._cut_off)
        signal.setitimer(signal.ITIMER_REAL, DRAIN_LIMIT_S)

    def _cut_off(self, *_: Any) -> None:
        os._exit(self.exit_status)


class Pulse:
    """What every loop of the main thread calls: shows that it is alive, and notices a stop.

    `guard` runs at each beat too and may raise, for example when the lease is no longer certain.
    """

    def __init__(
        self,
        shutdown: Shutdown,
        progress: ProgressReporter,
        *,
        guard: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shutdown = shutdown
        self._progress = progress
        self._guard = guard
        self._sleep = sleep
        self.monotonic = monotonic

    def alive(self) -> None:
        """Shows life and raises StopRequestedError when a stop was asked for; never consults the guard."""
        self._progress.alive()
        if self._shutdown.signal_number is not None:
            raise StopRequestedError

    def beat(self) -> None:
        """`alive`, and the guard."""
        self.alive()
        self._guard()

    def pause(self, seconds: float, waiting: Waiting | None = None, *, guarded: bool = True) -> None:
        """Waits, beating; shows what it waits for."""
        if waiting is not None:
            self._progress.update(waiting=waiting)
        try:
            end_s = self.monotonic() + seconds
            while True:
                (self.beat if guarded else self.alive)()
                left_s = end_s - self.monotonic()
                if left_s <= 0:
                    return
                self._sleep(min(left_s, _SLICE_S))
        finally:
            if waiting is not None:
                self._progress.update(waiting=None)
