"""A real broker and a real Spark standalone cluster for the integration tests, each in its own process group."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import psutil
from confluent_kafka import Producer
from tests.database import Database, free_port

from marketpulse.events.codec import encode, encode_dead_letter
from marketpulse.events.event import DeadLetter, Trade
from marketpulse.events.partition import partition_of
from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.local.jars import SPARK, install_jars
from marketpulse.local.java import find_java
from marketpulse.local.kafka import NAME as KAFKA
from marketpulse.local.kafka import KafkaBroker
from marketpulse.local.layout import Layout, project_dir
from marketpulse.local.ports import Ports
from marketpulse.local.program import Program
from marketpulse.local.spark import MASTER, WORKER, SparkCluster
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, STREAM, Settings
from marketpulse.stream.submission import submission_conf

PARTITIONS = 4


def eventually(what: str, holds: Callable[[], bool], *, within_s: float = 240) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.2)


@dataclass(slots=True)
class SparkStack:
    """Kafka, a Spark master and its workers under one folder."""

    folder: Path
    workers: int = 1
    ports: Ports = field(
        default_factory=lambda: Ports(
            kafka=free_port(),
            kafka_controller=free_port(),
            spark_master=free_port(),
            spark_master_ui=free_port(),
            spark_worker=free_port(),
            spark_worker_ui=free_port(),
        )
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        return Layout(self.folder)

    @property
    def broker(self) -> KafkaBroker:
        return KafkaBroker(self.layout, find_java(), self.ports)

    @property
    def cluster(self) -> SparkCluster:
        return SparkCluster(self.layout, self.ports)

    def start(self) -> None:
        self.layout.prepare()
        install_jars(find_java(), self.layout.jars)
        self.broker.configure()
        self.cluster.forget_applications()
        self.start_broker()
        self._run(self.cluster.programs()[0])
        for name in self.worker_names:
            self.start_worker(name)
        ensure_topics(self.broker.bootstrap, Settings(kafka_partitions=PARTITIONS))

    def start_broker(self) -> None:
        self._run(self.broker.program())
        eventually("Kafka answers", self.broker.answers, within_s=60)

    @property
    def worker_names(self) -> list[str]:
        return [WORKER, *(f"{WORKER}-{number}" for number in range(2, self.workers + 1))]

    def start_worker(self, name: str) -> None:
        own = {} if name == WORKER else {"spark_worker": free_port(), "spark_worker_ui": free_port()}
        program = SparkCluster(self.layout, msgspec.structs.replace(self.ports, **own)).programs()[1]
        self._run(replace(program, name=name))

    def submit(self, name: str, database: Database, **changes: str) -> None:
        """Start a driver as the DAG does."""
        settings = Settings(spark_jars_dir=str(self.layout.jars / SPARK))
        conf = [part for pair in submission_conf(settings).items() for part in ("--conf", "=".join(pair))]
        application = str(project_dir() / "spark_apps" / "stock_stream.py")
        tools = Path(sys.executable).parent
        submit = (str(tools / "spark-submit"), "--master", self.cluster.master_url, "--name", STREAM)
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "MARKETPULSE_WRITER_DSN": database.writer_dsn,
            "MARKETPULSE_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "MARKETPULSE_STATE_DIR": str(self.folder),
            "MARKETPULSE_SPARK_JARS_DIR": settings.spark_jars_dir,
            # A driver that is killed leaves its checkpoint.
            "TMPDIR": str(self.folder),
            **changes,
        }
        self._run(Program(name, (*submit, *conf, application), self.folder, environment))

    def kill(self, name: str) -> None:
        """`kill -9` of one component and its children."""
        process = self.processes.pop(name)
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait(30)

    def kill_executors(self) -> int:
        """`kill -9` of the executors' JVMs; the worker starts new ones."""
        found = [
            child
            for child in psutil.Process(self.processes[WORKER].pid).children(recursive=True)
            if "CoarseGrainedExecutorBackend" in _command_line(child)
        ]
        for executor in found:
            executor.kill()
        return len(found)

    def signal_driver(self, name: str, number: signal.Signals) -> None:
        """To the driver and to everything that it started."""
        process = psutil.Process(self.processes[name].pid)
        for one in (process, *process.children(recursive=True)):
            one.send_signal(number)

    def python_workers(self, worker: str) -> list[psutil.Process]:
        """The processes of a worker in which the sink runs."""
        children = psutil.Process(self.processes[worker].pid).children(recursive=True)
        return [child for child in children if "pyspark.daemon" in _command_line(child)]

    def lands_through(self, ports: Iterable[int]) -> set[str]:
        """The workers that hold connections with these ports of their own."""
        wanted = set(ports)
        return {
            worker
            for worker in self.worker_names
            if worker in self.processes
            for process in self.python_workers(worker)
            if wanted & _local_ports(process)
        }

    def exit_status(self, name: str, *, within_s: float = 60) -> int:
        return self.processes[name].wait(within_s)

    def log(self, name: str) -> str:
        return self.layout.log(name).read_text(encoding="utf-8", errors="replace")

    def publish(self, items: Iterable[Trade | DeadLetter | bytes]) -> None:
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "acks": "all", "enable.idempotence": True})
        for item in items:
            if isinstance(item, DeadLetter):
                producer.produce(DEAD_LETTER_TOPIC, encode_dead_letter(item), partition=0)
            elif isinstance(item, Trade):
                producer.produce(EVENT_TOPIC, encode(item), partition=partition_of(item.symbol, PARTITIONS))
            else:
                producer.produce(EVENT_TOPIC, item, partition=0)
            producer.poll(0)
        assert producer.flush(30) == 0

    def publish_values(self, values: Iterable[bytes | None]) -> None:
        """Values as they are, in this order, to the first partition of the events."""
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "acks": "all", "enable.idempotence": True})
        for value in values:
            producer.produce(EVENT_TOPIC, value, partition=0)
            producer.poll(0)
        assert producer.flush(30) == 0

    def stop(self) -> None:
        for name in [*(name for name in self.processes if name not in (KAFKA, MASTER, WORKER)), WORKER, MASTER, KAFKA]:
            process = self.processes.pop(name, None)
            if process is None:
                continue
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(10)
                    break
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue

    def _run(self, program: Program) -> None:
        with self.layout.log(program.name).open("ab") as log:
            self.processes[program.name] = subprocess.Popen(
                program.command,
                cwd=program.directory,
                env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _local_ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections("tcp")}
    except psutil.Error:
        return set()


def _command_line(process: psutil.Process) -> str:
    """Empty for a process that has ended and that nobody has waited for yet."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
