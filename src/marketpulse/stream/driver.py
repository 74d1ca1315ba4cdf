"""The driver loop: take over, start a query where the ledger stands, watch it, and start it again after an outage.

It ends only when it is fenced (status 4), when a person must act (status 2), or when the same unknown failure comes
back without progress (status 1). Outages of Postgres or Kafka and gaps are waited out inside this process.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import psycopg

from marketpulse.broker.first_offset import first_offset
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import FencedError, GapError, MarketPulseError, OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, STREAM, Settings
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.failure import classified
from marketpulse.stream.fence import check_epoch, end_sessions, take_over
from marketpulse.stream.ledger import WHAT_TO_DO, Position, enter, positions, read_ledger
from marketpulse.stream.sink import SinkPlan
from marketpulse.stream.statements import Connection

logger = logging.getLogger(__name__)

TOPICS = (EVENT_TOPIC, DEAD_LETTER_TOPIC)

_GAP = re.compile(r"gap in (\S+)/(\d+): expected offset (\d+)")


class Query(Protocol):
    """A running query. `app_id` names the Spark application."""

    app_id: str

    def failure(self, wait_s: float) -> str | None:
        """Wait so long at most; None while it runs, else why it ended."""
        ...

    def stop(self) -> None: ...


StartQuery = Callable[[list[Position], SinkPlan], Query]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to look and how long to wait, in seconds."""

    tick_s: float = 1.0
    epoch_check_s: float = 5.0
    topic_check_s: float = 15.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 5.0
    unknown_failures: int = 5


class TopicsChangedError(RetriableError):
    """A topic has more partitions than the running query reads, or is another topic of that name."""


class ApplicationEndedError(MarketPulseError):
    """Spark itself is gone: this process cannot start another query."""

    exit_status = RetriableError.exit_status


class Driver:
    """One run of the stream; `run` returns never."""

    def __init__(
        self,
        settings: Settings,
        start_query: StartQuery,
        *,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._start_query = start_query
        self._patience = patience
        self._sleep = sleep
        self._now_s = now_s
        self._topics = TopicReader(settings.kafka_bootstrap)
        self._connection: Connection | None = None
        self._epoch = 0
        self._reached: list[Position] = []
        self._failures = 0
        self._last_gap = ""

    def run(self) -> None:
        """Raises FencedError, OperatorError, or the unknown failure that came back too often."""
        try:
            while True:
                try:
                    self._one_query()
                except (FencedError, OperatorError, ApplicationEndedError):
                    raise
                except RetriableError as error:
                    self._note_gap(error)
                    self._wait(error)
                except MarketPulseError as error:
                    if self._failures >= self._patience.unknown_failures:
                        raise
                    self._wait(error)
        finally:
            self._disconnect()

    def take_over(self) -> None:
        """Become the run that may commit, before Spark starts: an orphaned driver lets its cores go."""
        connection = self._connected()
        with outages(self._dsn):
            self._epoch = take_over(connection, STREAM)
        logger.info("run %s of %s may commit", self._epoch, STREAM)

    def _one_query(self) -> None:
        if not self._epoch:
            self.take_over()
        wanted = self._positions()
        if wanted != self._reached:
            self._failures = 0
        self._reached = wanted
        plan = SinkPlan(STREAM, self._epoch, self._dsn, self._settings.market_clock, self._settings.bar_close_s)
        query = self._start_query(wanted, plan)
        try:
            self._watch(query, wanted)
        finally:
            query.stop()

    def _positions(self) -> list[Position]:
        connection = self._connected()
        with outages(self._dsn):
            check_epoch(connection, STREAM, self._epoch)
            # A task of the query before this one may still hold its partition.
            end_sessions(connection, STREAM, up_to=self._epoch)
            ledger = read_ledger(connection)
        wanted = [place for name in TOPICS for place in positions(ledger, self._topics.topic(name))]
        with outages(self._dsn):
            enter(connection, wanted, epoch=self._epoch)
        return wanted

    def _watch(self, query: Query, wanted: list[Position]) -> None:
        topic_checked = self._now_s()
        # The first look names the application in ops.stream_run: from then on the stream counts as running.
        epoch_checked = topic_checked - self._patience.epoch_check_s
        while True:
            reason = query.failure(self._patience.tick_s)
            if reason is not None:
                raise classified(reason)
            now = self._now_s()
            if now - epoch_checked >= self._patience.epoch_check_s:
                epoch_checked = now
                self._check_epoch(query.app_id)
            if now - topic_checked >= self._patience.topic_check_s:
                topic_checked = now
                self._check_topics(wanted)

    def _check_epoch(self, app_id: str) -> None:
        """While Postgres is away nobody can commit, so only an answer counts."""
        try:
            connection = self._connected()
            with outages(self._dsn):
                check_epoch(connection, STREAM, self._epoch, app_id=app_id)
        except FencedError:
            raise
        except RetriableError as error:
            self._disconnect()
            logger.warning("%s", error)

    def _check_topics(self, wanted: list[Position]) -> None:
        try:
            topics = [self._topics.topic(name) for name in TOPICS]
        except RetriableError as error:
            logger.warning("%s", error)
            return
        found = {(topic.name, number): topic.topic_id for topic in topics for number in topic.partitions}
        read = {(position.topic, position.partition): position for position in wanted}
        if found.keys() != read.keys() or any(not read[place].is_of(topic_id) for place, topic_id in found.items()):
            raise TopicsChangedError("a topic is not what it was: the query starts again from the ledger")

    def _note_gap(self, error: RetriableError) -> None:
        if not isinstance(error, GapError):
            return
        if str(error) == self._last_gap and not self._is_there(error):
            raise OperatorError(f"{error}, also after a start from the ledger: records are missing; {WHAT_TO_DO}")
        self._last_gap = str(error)

    def _is_there(self, gap: GapError) -> bool:
        """Whether Kafka has the expected record after all: a second crash of Postgres may take the ledger back to where
        the first one did."""
        named = _GAP.search(str(gap))
        if named is None or self._failures >= self._patience.unknown_failures:
            return False
        topic, partition, expected = named[1], int(named[2]), int(named[3])
        try:
            return first_offset(self._settings.kafka_bootstrap, (topic, partition), expected) == expected
        except RetriableError:
            # Not known now: the next start finds out.
            return True

    def _wait(self, error: MarketPulseError) -> None:
        self._failures += 1
        self._disconnect()
        pause = min(self._patience.first_wait_s * 2 ** min(self._failures - 1, 8), self._patience.longest_wait_s)
        logger.warning("starting again from the ledger in %.1f s: %s", pause, error)
        self._sleep(pause)

    @property
    def _dsn(self) -> str:
        return self._settings.writer_dsn.get_secret_value()

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._dsn, application_name=f"{STREAM} driver", autocommit=True)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except psycopg.Error as error:
                logger.debug("closing: %s", error)
            self._connection = None
