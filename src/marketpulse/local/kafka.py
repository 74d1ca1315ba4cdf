"""The Kafka broker: one KRaft node that is broker and controller, on the loopback address, from the locked jars."""

import base64
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.jars import KAFKA
from marketpulse.local.java import Java
from marketpulse.local.layout import Layout
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.ports import Ports
from marketpulse.local.program import Program

NAME = "kafka"
# The optimising compiler would take half of the start's CPU time, and does not earn it back within a demo day.
JVM_OPTIONS = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")

# One node: every internal topic has one replica. No topic appears by itself, least of all through a typing error.
SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""

LOG4J2_PROPERTIES = """\
status=error
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.stdout.ref=STDOUT
logger.config.name=org.apache.kafka.common.config
logger.config.level=WARN
"""


def new_cluster_id(random_id: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A cluster id in Kafka's form, base64 for URLs; never one that the formatting tool would take for an option."""
    while True:
        cluster_id = base64.urlsafe_b64encode(random_id().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


@dataclass(frozen=True, slots=True)
class KafkaBroker:
    """The broker of one stack."""

    layout: Layout
    java: Java
    ports: Ports

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.ports.kafka}"

    def configure(self) -> None:
        """Write the broker's files; format its storage when there is none. Needs the jars."""
        values = {"host": LOOPBACK, "port": self.ports.kafka, "controller_port": self.ports.kafka_controller}
        self._properties.write_text(SERVER_PROPERTIES.format(data=self._data, **values), encoding="utf-8")
        self._log_properties.write_text(LOG4J2_PROPERTIES, encoding="utf-8")
        self._write_tool()
        if not (self._data / "meta.properties").exists():
            self._format()

    def program(self) -> Program:
        """The broker in the foreground; SIGTERM lets it close its files, which saves a check at the next start."""
        command = self._tool(*JVM_OPTIONS, f"-Dlog4j2.configurationFile={self._log_properties}")
        return Program(
            NAME, (*command, "kafka.Kafka", str(self._properties)), directory=self.layout.kafka, stop_wait_s=10
        )

    def answers(self, *, timeout_s: float = 2.0) -> bool:
        """Whether the broker answers for its own metadata."""
        return broker_answers(self.bootstrap, timeout_s=timeout_s)

    @property
    def _data(self) -> Path:
        return self.layout.kafka / "data"

    @property
    def _properties(self) -> Path:
        return self.layout.kafka / "server.properties"

    @property
    def _log_properties(self) -> Path:
        return self.layout.kafka / "log4j2.properties"

    def _tool(self, *options: str) -> tuple[str, ...]:
        return (str(self.java.executable), *options, "-cp", f"{self.layout.jars / KAFKA}/*")

    def _format(self) -> None:
        cluster_id = new_cluster_id()
        quick = self._tool("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        arguments = ("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id, "-c", str(self._properties))
        outcome = subprocess.run([*quick, *arguments], capture_output=True, text=True, check=False, timeout=120)
        if outcome.returncode != 0:
            reason = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()[-1:]
            raise OperatorError(f"Kafka could not format {self._data}: {' '.join(reason)}")

    def _write_tool(self) -> None:
        """`kafka-topics` for people: the same tool that the Kafka distribution has."""
        tool = self.layout.kafka / "kafka-topics"
        command = " ".join(f'"{part}"' for part in self._tool("-Xmx128m", "-XX:TieredStopAtLevel=1"))
        tool.write_text(
            f'#!/bin/sh\nexec {command} org.apache.kafka.tools.TopicCommand --bootstrap-server {self.bootstrap} "$@"\n',
            encoding="utf-8",
        )
        tool.chmod(0o755)


def broker_answers(bootstrap: str, *, timeout_s: float = 2.0) -> bool:
    """Whether a broker answers for its metadata."""
    try:
        TopicReader(bootstrap, timeout_s=timeout_s).partition_counts()
    except RetriableError:
        return False
    return True
