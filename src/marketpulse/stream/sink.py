"""The sink that Spark's tasks run: one task is one partition of a micro-batch, and lands in one transaction.

Poison and outage are never taken for each other. A record that Postgres refuses is found by bisection and becomes a
dead letter; everything else raises, keeps the offset and is tried again by Spark or by the driver.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import psycopg
import pyarrow as pa
from psycopg import errors

from marketpulse.clock import Clock, HostClock, market_clock
from marketpulse.errors import OperatorError
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.flood import FloodError
from marketpulse.stream.landing import Receipt, Terms, land, prepare_session
from marketpulse.stream.reading import read_records
from marketpulse.stream.record import Records, partitions_of
from marketpulse.stream.statements import Connection, sql

logger = logging.getLogger(__name__)

# Custom plans: a generic plan would keep every day's partition of market.event in sight. No wait for the disk: a crash
# of Postgres takes rows and ledger back together, and Kafka still has what comes after them.
SESSION_OPTIONS = (
    "plan_cache_mode=force_custom_plan",
    "jit=off",
    "client_min_messages=warning",
    "synchronous_commit=off",
)
# What the content of a record can cause: bad data, a broken constraint, an entry too large for an index.
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class SinkPlan:
    """What every task needs; travels to the executors with the query."""

    stream: str
    epoch: int
    writer_dsn: str = field(repr=False)
    market_clock: str
    bar_close_s: float


def session_prefix(stream: str) -> str:
    """How the application name of every sink session of a stream starts."""
    return f"{stream} sink "


def session_name(stream: str, epoch: int) -> str:
    """The application name of the sink sessions of one run: a newer run ends all others by it."""
    return f"{session_prefix(stream)}{epoch}"


class Sink:
    """Lands batches through one connection, which it opens on demand and again after a failure."""

    def __init__(self, plan: SinkPlan, clock: Clock | None = None, host: Clock | None = None) -> None:
        self._plan = plan
        self._clock = clock or market_clock(plan.market_clock)
        self._host = host or HostClock()
        self._connection: Connection | None = None
        self._partitions: set[date] = set()
        self._expect_new = True

    def land(self, records: Records) -> Receipt:
        """Land consecutive records of one partition. Blocks while another transaction holds the partition.

        Raises RetriableError (outage, gap, fenced) or OperatorError; nothing is committed then.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._attempt(records)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                # A server that was restarted, or a deadlock: a new connection sees what was committed.
                self.close()
                if attempt == _ATTEMPTS:
                    with outages(self._plan.writer_dsn):
                        raise
                logger.warning("the batch is tried again: %s", error)
            except FloodError as error:
                self._note_stop(error)
                # Spark hands on the text and the class's name: the driver knows this one.
                raise OperatorError(str(error)) from None
        raise AssertionError("unreachable")

    def _note_stop(self, error: FloodError) -> None:
        """In a transaction of its own, after that of the batch was rolled back."""
        with outages(self._plan.writer_dsn):
            self._connected().execute(sql("insert_stop"), error.stop)

    def close(self) -> None:
        """Forget the connection and what was learnt through it."""
        self._partitions.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _attempt(self, records: Records) -> Receipt:
        terms = Terms(self._plan.stream, self._plan.epoch, self._plan.bar_close_s, self._clock.now())
        try:
            return self._land(records, terms, frozenset())
        except _REFUSALS as error:
            # Once more from scratch: a partition may just have been dropped, or a unique key lost a race.
            logger.warning("Postgres refused a batch: %s", error)
            self.close()
        condemned: set[int] = set()
        while True:
            try:
                return self._land(records, terms, frozenset(condemned))
            except _REFUSALS as error:
                offset = self._first_refused(records, terms, frozenset(condemned))
                if offset is None:
                    raise
                place = f"{records.topic}/{records.partition}"
                logger.error("%s at %s is refused and becomes a dead letter: %s", place, offset, error)
                condemned.add(offset)

    def _first_refused(self, records: Records, terms: Terms, condemned: frozenset[int]) -> int | None:
        """The record at which the batch becomes unacceptable: the shortest refused prefix ends with it."""
        accepted, refused = 0, len(records)
        while refused - accepted > 1:
            middle = (accepted + refused) // 2
            try:
                self._land(records[:middle], terms, condemned, rehearsal=True)
                accepted = middle
            except _REFUSALS:
                refused = middle
        offset = int(records.offsets[refused - 1])
        return None if offset in condemned else offset

    def _land(self, records: Records, terms: Terms, condemned: frozenset[int], *, rehearsal: bool = False) -> Receipt:
        connection = self._connected()
        # A market clock that plays a day of the past does not make today's events false.
        newest_date = max(terms.market_at, self._host.now()).date()
        reading = read_records(records, newest_date=newest_date, condemned=condemned)
        self._ensure_partitions(connection, reading.dates())
        receipt = land(connection, records, reading, terms, rehearsal=rehearsal, expect_new=self._expect_new)
        # One batch of known facts is seldom the only one.
        self._expect_new = not receipt.contested
        return receipt

    def _ensure_partitions(self, connection: Connection, dates: Iterable[date]) -> None:
        """In a transaction of its own, so that the lock on the table is short."""
        missing = sorted(set(dates) - self._partitions)
        if missing:
            with connection.transaction():
                connection.execute(sql("ensure_partitions"), {"dates": missing})
            self._partitions.update(missing)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            name = session_name(self._plan.stream, self._plan.epoch)
            self._connection = connect(self._plan.writer_dsn, application_name=name, session_options=SESSION_OPTIONS)
            prepare_session(self._connection)
            self._connection.autocommit = True  # transactions are opened by name only
        return self._connection


_sinks: dict[SinkPlan, Sink] = {}


def land_partition(plan: SinkPlan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What `mapInArrow` calls, once a task. Yields nothing: the rows are in Postgres when the task ends.

    Spark reuses its Python workers, so the connection outlives the task.
    """
    if plan not in _sinks:
        for outdated in _sinks.values():
            outdated.close()
        _sinks.clear()
        _sinks[plan] = Sink(plan)
    for records in partitions_of(batches):
        _sinks[plan].land(records)
    yield from ()
