"""The stack of a drain benchmark: the product's broker, Postgres and Spark cluster, on free ports, in one folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from marketpulse.local.jars import SPARK, install_jars
from marketpulse.local.java import find_java
from marketpulse.local.kafka import NAME as KAFKA
from marketpulse.local.kafka import KafkaBroker
from marketpulse.local.layout import Layout
from marketpulse.local.ports import Ports
from marketpulse.local.program import Program
from marketpulse.local.spark import MASTER, SparkCluster
from scratch_server import scratch_server


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class Stack:
    """What the contenders share. `dsns` holds one address a role of the migrated database."""

    layout: Layout
    ports: Ports
    dsns: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def broker(self) -> KafkaBroker:
        return KafkaBroker(self.layout, find_java(), self.ports)

    @property
    def cluster(self) -> SparkCluster:
        return SparkCluster(self.layout, self.ports)

    @property
    def connector_jars(self) -> Path:
        return self.layout.jars / SPARK

    def run(self, program: Program) -> subprocess.Popen[bytes]:
        """Start a program in a process group of its own; its output goes to its log."""
        with self.layout.log(program.name).open("ab") as log:
            process = self.processes[program.name] = subprocess.Popen(
                program.command,
                cwd=program.directory,
                env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process

    def start_spark(self) -> None:
        """The cluster, for those who need it; it stays."""
        if MASTER not in self.processes:
            self.cluster.forget_applications()
            for program in self.cluster.programs():
                self.run(program)

    def stop(self, name: str) -> None:
        """End a program and everything in its group, by force when it does not listen."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(20)
                return
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue

    def log_tail(self, name: str) -> str:
        """The last lines of a program's log."""
        text = self.layout.log(name).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-25:])


@contextmanager
def running_stack() -> Iterator[Stack]:
    """A broker and a Postgres, and Spark on demand; gone, with all they stored, when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="marketpulse-drain-"))
    folder.chmod(0o755)
    ports = Ports(
        kafka=free_port(),
        kafka_controller=free_port(),
        spark_master=free_port(),
        spark_master_ui=free_port(),
        spark_worker=free_port(),
        spark_worker_ui=free_port(),
    )
    layout = Layout(folder)
    layout.prepare()
    install_jars(find_java(), layout.jars)
    with scratch_server(durable=True) as dsns:
        stack = Stack(layout, ports, dsns)
        try:
            stack.broker.configure()
            stack.run(stack.broker.program())
            wait_until("Kafka answers", stack.broker.answers, within_s=60)
            yield stack
        finally:
            for name in [name for name in reversed(stack.processes) if name != KAFKA]:
                stack.stop(name)
            stack.stop(KAFKA)
            shutil.rmtree(folder, ignore_errors=True)


def wait_until(what: str, holds: Callable[[], bool], *, within_s: float) -> None:
    """Block until it holds. Raises TimeoutError that names it."""
    deadline_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.05)
