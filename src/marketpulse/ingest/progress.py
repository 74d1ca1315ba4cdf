"""Progress lines: one JSON object a line on stdout, which the supervising task reads and a person can follow.

A line appears at least every two seconds as long as the producer's main thread is alive. A thread writes them, so that
a slow request does not silence a healthy producer; it falls silent when the main thread has not moved for
`HUNG_AFTER_S`, so that whoever reads the lines can tell a hung process from a busy one.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Literal, TextIO

import msgspec

logger = logging.getLogger(__name__)

PERIOD_S = 1.5
HUNG_AFTER_S = 60.0

Kind = Literal["started", "progress", "ended"]
Waiting = Literal["market", "provider", "kafka", "postgres"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One line. Counters are those of the process since its start; `waiting` says what holds it up, if anything."""

    at: datetime
    kind: Kind
    producer_id: str
    market_at: datetime | None = None
    session: date | None = None
    polls: int = 0
    events: int = 0
    repeated: int = 0
    rejected: int = 0
    outcome: str = ""
    waiting: Waiting | None = None


def read_line(line: bytes) -> Progress | None:
    """The progress of a line, None when the line is something else."""
    try:
        return msgspec.json.decode(line, type=Progress)
    except msgspec.DecodeError:
        return None


class ProgressReporter:
    """Collects the counters and writes the lines. `on_closed` is called once when nobody reads them any more."""

    def __init__(
        self,
        producer_id: str,
        output: TextIO,
        *,
        on_closed: Callable[[], None] = lambda: None,
        period_s: float = PERIOD_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = Progress(at=datetime.now(UTC), kind="started", producer_id=producer_id)
        self._output = output
        self._on_closed = on_closed
        self._period_s = period_s
        self._monotonic = monotonic
        self._alive_at_s = monotonic()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        self._write("started")
        self._thread.start()

    def alive(self) -> None:
        """Called by the main thread whenever it moves."""
        self._alive_at_s = self._monotonic()

    def update(self, **changes: object) -> None:
        """Sets fields of the next lines."""
        with self._lock:
            self._state = msgspec.structs.replace(self._state, **changes)

    def count(self, *, events: int, repeated: int, rejected: int, polls: int = 0) -> None:
        """Adds to the counters."""
        with self._lock:
            state = self._state
            self._state = msgspec.structs.replace(
                state,
                polls=state.polls + polls,
                events=state.events + events,
                repeated=state.repeated + repeated,
                rejected=state.rejected + rejected,
            )

    def stop(self, outcome: str) -> None:
        """Writes the last line."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1)
        self.update(outcome=outcome)
        self._write("ended")

    def _run(self) -> None:
        while not self._ended.wait(self._period_s):
            if self._monotonic() - self._alive_at_s < HUNG_AFTER_S:
                self._write("progress")

    def _write(self, kind: Kind) -> None:
        with self._lock:
            self._state = msgspec.structs.replace(self._state, at=datetime.now(UTC), kind=kind)
            line = msgspec.json.encode(self._state).decode()
        try:
            self._output.write(line + "\n")
            self._output.flush()
        except (BrokenPipeError, ValueError):
            self._ended.set()
            self._on_closed()
