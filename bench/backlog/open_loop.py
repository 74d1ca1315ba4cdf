"""An open loop: every record is due at a moment that waits for nobody, and its time to the table counts from then.

Who publishes late, because the machine is busy, makes the record later, not the load smaller.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psycopg
from confluent_kafka import Producer

from backlog.topic import send
from backlog.trades import Backlog, messages
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.ingest.publisher import logger, producer_configuration
from marketpulse.settings import EVENT_TOPIC, settings

_LEDGER = "SELECT partition, next_offset FROM ops.stream_ledger WHERE topic = %s"
# How often the ledger is looked at: as much may be missing in every figure.
LOOK_EVERY_S = 0.004
_PUBLISH_EVERY_S = 0.002
_PATIENCE_S = 300.0

# What the publisher leaves in its folder: the rows as lines of COPY, and the partition of each record.
ROWS, PARTITIONS = "rows.copy", "partitions.npy"

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phase:
    """So many records a second, for so long."""

    rate: int
    seconds: int

    @property
    def rows(self) -> int:
        return self.rate * self.seconds


@dataclass(frozen=True, slots=True)
class Load:
    """What is published, when, and where: phases one after the other from `start_s` (seconds since 1970) on."""

    bootstrap: str
    phases: tuple[Phase, ...]
    partitions: int
    start_s: float

    @property
    def backlog(self) -> Backlog:
        return Backlog(sum(phase.rows for phase in self.phases), partitions=self.partitions)

    def due_s(self) -> Seconds:
        """When each record is due, in the order of their publication."""
        parts, begin_s = [], self.start_s
        for phase in self.phases:
            parts.append(begin_s + np.arange(phase.rows) / phase.rate)
            begin_s += phase.seconds
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Glance:
    """The next offset of each partition as one look at the ledger showed it."""

    at_s: float
    next_offsets: tuple[int, ...]


@dataclass(slots=True)
class Watch:
    """Looks at the ledger until everything of the load is there."""

    operations_dsn: str
    first_offsets: tuple[int, ...]
    rows: int

    def glances(self) -> Iterator[Glance]:
        """A glance whenever something has landed. Raises TimeoutError when nothing does for minutes."""
        last, at_s = self.first_offsets, time.time()
        with psycopg.connect(self.operations_dsn, autocommit=True) as connection:
            while sum(last) < sum(self.first_offsets) + self.rows:
                known: dict[int, int] = dict(connection.execute(_LEDGER, (EVENT_TOPIC,)).fetchall())
                found = tuple(known.get(number, first) for number, first in enumerate(self.first_offsets))
                if found != last:
                    last, at_s = found, time.time()
                    yield Glance(at_s, found)
                elif time.time() > at_s + _PATIENCE_S:
                    raise TimeoutError(f"nothing has landed for {_PATIENCE_S:.0f} s: the ledger is at {found}")
                time.sleep(LOOK_EVERY_S)


@contextmanager
def publishing(load: Load, folder: Path) -> Iterator[BaseProcess]:
    """A process that publishes; it leaves ROWS and PARTITIONS in the folder."""
    process = multiprocessing.get_context("spawn").Process(target=publish, args=(load, folder), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def publish(load: Load, folder: Path) -> None:
    """Every record when it is due, with the product's own producer settings; blocks until all are acknowledged."""
    producer = Producer(producer_configuration(load.bootstrap, settings().kafka_max_message_bytes), logger=logger)
    partitions = np.zeros(load.backlog.rows, np.int8)
    with (folder / ROWS).open("wb", buffering=1 << 20) as lines:
        for number, (due_s, message) in enumerate(zip(load.due_s().tolist(), messages(load.backlog), strict=True)):
            while time.time() < due_s:
                time.sleep(_PUBLISH_EVERY_S)
            send(producer, message)
            partitions[number] = message.partition
            lines.write(message.line)
            if number % 1000 == 0:
                producer.poll(0)
    assert not producer.flush(60)
    np.save(folder / PARTITIONS, partitions)


def first_offsets(bootstrap: str) -> tuple[int, ...]:
    """Where the topic ends now, by partition."""
    bounds = TopicReader(bootstrap).topic(EVENT_TOPIC).partitions
    return tuple(bounds[number].end for number in sorted(bounds))


def waits_s(load: Load, watch: Watch, glances: Sequence[Glance], folder: Path) -> list[Seconds]:
    """How long each record took from when it was due to when it was seen in the table, by phase."""
    partitions = np.load(folder / PARTITIONS)
    due_s = load.due_s()
    waits = np.zeros(len(due_s))
    at_s = np.array([glance.at_s for glance in glances])
    for number, first in enumerate(watch.first_offsets):
        here = np.flatnonzero(partitions == number)
        ends = np.array([glance.next_offsets[number] for glance in glances])
        seen = np.searchsorted(ends, first + np.arange(len(here)), side="right")
        waits[here] = at_s[seen] - due_s[here]
    return np.split(waits, np.cumsum([phase.rows for phase in load.phases])[:-1])
