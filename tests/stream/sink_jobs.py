"""Landing in a process of its own that can be broken off before and after each statement of the transaction."""

from typing import Any

import psycopg
from tests.forking import Seam, break_off_at, crash, freeze
from tests.stream.sink_records import FixedClock

from marketpulse.stream.record import Records
from marketpulse.stream.sink import Sink, SinkPlan

# Every statement, the data of COPY, and the commit: before it, and after it.
SEAMS = (
    Seam(psycopg.Cursor, "execute"),
    Seam(psycopg.Cursor, "copy"),
    Seam(psycopg.Copy, "write"),
    Seam(psycopg.Copy, "__exit__"),
    Seam(psycopg.Transaction, "__exit__", after=True),
)


def crash_at(step: int, plan: SinkPlan, records: Records, clock: FixedClock) -> int:
    break_off_at(step, SEAMS, crash)
    return _land(plan, records, clock)


def freeze_at(step: int, plan: SinkPlan, records: Records, clock: FixedClock) -> int:
    break_off_at(step, SEAMS, freeze)
    return _land(plan, records, clock)


def _land(plan: SinkPlan, records: Records, clock: FixedClock) -> int:
    """0 when they have landed; what the sink raises ends the process with its exit status."""
    sink: Any = Sink(plan, clock, clock)
    sink.land(records)
    return 0
