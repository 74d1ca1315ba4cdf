"""The Spark standalone master and worker, from the Spark that the pyspark package contains."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from marketpulse.local.jars import spark_home
from marketpulse.local.layout import Layout
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.ports import Ports
from marketpulse.local.program import Program

MASTER, WORKER = "spark-master", "spark-worker"
# Relative to the folder in which the master runs: its options are split at spaces, and a path may have some.
RECOVERY = "recovery"
WORKER_CORES = 2
WORKER_MEMORY = "2g"
DAEMON_MEMORY = "256m"
# A daemon whose port was taken in the meantime must end and say so, not move to the next port where nobody looks.
DAEMON_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -Dspark.port.maxRetries=0"


@dataclass(frozen=True, slots=True)
class SparkCluster:
    """Master and worker of one stack."""

    layout: Layout
    ports: Ports

    @property
    def master_url(self) -> str:
        return f"spark://{LOOPBACK}:{self.ports.spark_master}"

    def forget_applications(self) -> None:
        """Before a start: no driver of an earlier run can still be there, so the master need not wait for one."""
        for folder in (self._recovery, self._work):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def programs(self) -> tuple[Program, Program]:
        """A master that remembers its applications over a crash, and one worker."""
        master_options = (
            "-Dspark.deploy.recoveryMode=FILESYSTEM",
            f"-Dspark.deploy.recoveryDirectory={RECOVERY}",
            # It would start any program for anybody who can reach the port.
            "-Dspark.master.rest.enabled=false",
        )
        worker_options = (
            "-Dspark.worker.cleanup.enabled=true",
            "-Dspark.executor.logs.rolling.strategy=size",
            "-Dspark.executor.logs.rolling.maxSize=10485760",
            "-Dspark.executor.logs.rolling.maxRetainedFiles=3",
        )
        ports = self.ports
        master_place = ("--host", LOOPBACK, "--port", str(ports.spark_master))
        worker_place = ("--host", LOOPBACK, "--port", str(ports.spark_worker), "--work-dir", str(self._work))
        size = ("--cores", str(WORKER_CORES), "--memory", WORKER_MEMORY)
        return (
            self._program(
                MASTER,
                ("master.Master", *master_place, "--webui-port", str(ports.spark_master_ui)),
                {"SPARK_MASTER_OPTS": " ".join(master_options)},
            ),
            self._program(
                WORKER,
                ("worker.Worker", *worker_place, "--webui-port", str(ports.spark_worker_ui), *size, self.master_url),
                {"SPARK_WORKER_OPTS": " ".join(worker_options)},
            ),
        )

    @property
    def _recovery(self) -> Path:
        return self.layout.spark / RECOVERY

    @property
    def _work(self) -> Path:
        return self.layout.spark / "work"

    def _program(self, name: str, arguments: tuple[str, ...], options: Mapping[str, str]) -> Program:
        daemon = {"SPARK_DAEMON_MEMORY": DAEMON_MEMORY, "SPARK_DAEMON_JAVA_OPTS": DAEMON_OPTIONS}
        launcher = str(spark_home() / "bin" / "spark-class")
        command = (launcher, f"org.apache.spark.deploy.{arguments[0]}", *arguments[1:])
        return Program(name, command, directory=self.layout.spark, environment={**daemon, **options})
