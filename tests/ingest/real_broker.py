"""A real Kafka broker for tests: the embedded stack's own, on free ports, that can be killed and started again."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from tests.database import free_port

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.events.codec import decode_event
from marketpulse.events.event import AnyEvent
from marketpulse.local.jars import KAFKA, install_jars, read_lock
from marketpulse.local.java import find_java
from marketpulse.local.kafka import KafkaBroker
from marketpulse.local.layout import Layout
from marketpulse.local.ports import Ports


@dataclass(frozen=True, slots=True)
class Mark:
    """Where every partition of every topic ended at one moment."""

    ends: dict[tuple[str, int], int]


class RealBroker:
    """The broker and its process."""

    def __init__(self, folder: Path) -> None:
        layout, java = Layout(folder), find_java()
        for path in (layout.kafka, layout.logs):
            path.mkdir(parents=True, exist_ok=True)
        install_jars(java, layout.jars, lock=[jar for jar in read_lock() if jar.set_name == KAFKA])
        self._broker = KafkaBroker(layout, java, Ports(kafka=free_port(), kafka_controller=free_port()))
        self._broker.configure()
        self._log = layout.logs / "kafka.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return self._broker.bootstrap

    def start(self, *, timeout_s: float = 90) -> None:
        """Blocks until the broker answers."""
        program = self._broker.program()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                list(program.command), cwd=program.directory, stdout=log, stderr=log, start_new_session=True
            )
        deadline_s = time.monotonic() + timeout_s
        while not self._broker.answers():
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < deadline_s, "the broker did not start in time"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL, at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def mark(self, topic: str) -> Mark:
        """The present end of a topic, to read from later."""
        reader = TopicReader(self.bootstrap)
        partitions = reader.partition_counts().get(topic, 0)
        return Mark(reader.ends((topic, partition) for partition in range(partitions)))

    def values_since(self, mark: Mark) -> list[tuple[int, bytes]]:
        """Every record after the mark as (partition, value), in the order of its partition."""
        topic = next(iter(mark.ends))[0]
        ends = self.mark(topic).ends
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, partition, start) for (_, partition), start in mark.ends.items()])
        positions, found = dict(mark.ends), list[tuple[int, bytes]]()
        try:
            while any(positions[place] < end for place, end in ends.items()):
                for message in consumer.consume(2000, timeout=1.0):
                    assert message.error() is None, message.error()
                    positions[(topic, message.partition())] = message.offset() + 1
                    found.append((message.partition(), message.value()))
        finally:
            consumer.close()
        return found

    def events_since(self, mark: Mark) -> list[tuple[int, AnyEvent]]:
        """Every event after the mark with its partition."""
        return [(partition, decode_event(value)) for partition, value in self.values_since(mark)]

    def _consumer(self) -> Consumer:
        return Consumer({"bootstrap.servers": self.bootstrap, "group.id": "test", "enable.auto.commit": False})
