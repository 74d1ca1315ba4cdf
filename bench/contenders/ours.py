"""MarketPulse itself: the stream as its DAG submits it, with every setting at its default and every guarantee on."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from backlog.gate import OURS
from backlog.run import Mark, Meter, Stage, ended_with, polled
from backlog.stack import Stack
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.local.layout import project_dir
from marketpulse.local.program import Program
from marketpulse.settings import EVENT_TOPIC, STREAM, Settings
from marketpulse.stream.submission import submission_conf

_LANDED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM ops.stream_ledger WHERE topic = %s"


@dataclass(slots=True)
class Ours:
    """spark_apps/stock_stream.py; of another checkout of this repository where one is given, to compare two states.

    `extra` are further settings and `--conf` pairs, to try one.
    """

    checkout: Path | None = None
    label: str = ""
    extra: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        told = self.label or (str(self.checkout) if self.checkout else "")
        return f"MarketPulse, all guarantees{f' ({told})' if told else ''}"

    @property
    def source(self) -> tuple[str, str]:
        return OURS

    def submit(self, stack: Stack) -> "subprocess.Popen[bytes]":
        """Start the stream on the stack's cluster."""
        settings = Settings(spark_jars_dir=str(stack.connector_jars))
        confs = {**submission_conf(settings), **self._pairs("spark.")}
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "MARKETPULSE_WRITER_DSN": stack.dsns["writer"],
            "MARKETPULSE_KAFKA_BOOTSTRAP": stack.broker.bootstrap,
            "MARKETPULSE_STATE_DIR": str(stack.layout.state),
            "MARKETPULSE_SPARK_JARS_DIR": settings.spark_jars_dir,
            **self._pairs("MARKETPULSE_"),
        }
        root = self.checkout or project_dir()
        if self.checkout:
            confs["spark.executorEnv.PYTHONPATH"] = environment["PYTHONPATH"] = str(root / "src")
        command = (
            str(Path(sys.executable).parent / "spark-submit"),
            *("--master", stack.cluster.master_url, "--name", STREAM),
            *(part for pair in confs.items() for part in ("--conf", "=".join(pair))),
            str(root / "spark_apps" / "stock_stream.py"),
        )
        return stack.run(Program(STREAM, command, stack.layout.state, environment))

    def drain(self, stage: Stage, meter: Meter) -> Sequence[Mark]:
        stack = stage.stack
        stack.start_spark()
        with ended_with(stack, STREAM), psycopg.connect(stack.dsns["operations"], autocommit=True) as connection:

            def landed() -> int:
                row = connection.execute(_LANDED, (EVENT_TOPIC,)).fetchone()
                return row[0] if row else 0

            # Of a log that was cut, the stream takes what is left.
            before = sum(
                bounds.earliest for bounds in TopicReader(stack.broker.bootstrap).topic(EVENT_TOPIC).partitions.values()
            )
            meter.start()
            process = self.submit(stack)
            meter.watch(process.pid)
            marks = polled(lambda: landed() - before, wanted=stage.backlog.rows, alive=lambda: process.poll() is None)
            meter.stop()
        return marks

    def _pairs(self, prefix: str) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.extra if pair.startswith(prefix))
        return {name: value for name, _, value in pairs}


def variant(told: str) -> Ours:
    """`label:NAME=VALUE,NAME=VALUE`, or the path of a checkout."""
    label, colon, pairs = told.partition(":")
    if not colon:
        return Ours(checkout=Path(told).resolve())
    return Ours(label=label, extra=tuple(pairs.split(",")))
