"""A stream that runs while records are published in an open loop, and the gate at its end."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backlog.gate import OURS, create_tables, fingerprint, produced
from backlog.open_loop import ROWS, Load, Phase, Seconds, Watch, first_offsets, publishing, waits_s
from backlog.run import ended_with
from backlog.stack import running_stack
from contenders.ours import Ours
from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.local.spark import WORKER
from marketpulse.settings import STREAM, Settings

PARTITIONS = 2
_BEGIN_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A stream that runs, and where its broker and database are."""

    bootstrap: str
    dsns: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Alone:
    """The same, with what soak tests look at: the process of the driver, and the cluster's."""

    target: Target
    driver_pid: int
    worker_pid: int


@contextmanager
def stream_alone() -> Iterator[Alone]:
    """Broker, Postgres, Spark and the stream: nothing else."""
    with running_stack() as stack:
        ensure_topics(stack.broker.bootstrap, Settings(kafka_partitions=PARTITIONS))
        stack.start_spark()
        with ended_with(stack, STREAM):
            driver = Ours().submit(stack)
            target = Target(stack.broker.bootstrap, stack.dsns, stack.layout.state)
            yield Alone(target, driver.pid, stack.processes[WORKER].pid)


def carried(target: Target, phases: tuple[Phase, ...]) -> list[Seconds]:
    """Publish the phases and wait until all of them have landed; how long each record took, by phase.

    Raises AssertionError when the rows are not those that were published.
    """
    owner = target.dsns["owner"]
    create_tables(owner)
    load = Load(target.bootstrap, phases, PARTITIONS, start_s=time.time() + _BEGIN_AFTER_S)
    watch = Watch(target.dsns["operations"], first_offsets(target.bootstrap), load.backlog.rows)
    with publishing(load, target.folder) as publisher:
        glances = list(watch.glances())
        publisher.join(60)
    difference = produced(owner, target.folder / ROWS).difference(fingerprint(owner, OURS))
    assert difference is None, difference
    return waits_s(load, watch, glances, target.folder)
