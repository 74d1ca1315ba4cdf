"""Debezium's JDBC sink on Kafka Connect: upsert by event id, at least once, with and without UNNEST.

It reads records that carry their schema, so it gets a topic of its own with the same rows. Two tasks, one a partition.
"""

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from backlog.gate import KEYED
from backlog.jars import CONNECT, DEBEZIUM, install_bench_jars
from backlog.run import Mark, Meter, Stage, ended_with, polled
from backlog.schema_topic import SCHEMA_TOPIC, fill_schema_topic
from marketpulse.local.java import find_java
from marketpulse.local.program import Program

_PROGRAM = "debezium"
_INSERTED = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'bench' AND relname = 'trade_keyed'"


@dataclass(slots=True)
class Debezium:
    """Version 3.5.0.Final on Kafka Connect 4.1.2."""

    unnest: bool

    @property
    def name(self) -> str:
        return f"Debezium JDBC sink, upsert{', UNNEST' if self.unnest else ''}"

    @property
    def source(self) -> tuple[str, str]:
        return KEYED

    def drain(self, stage: Stage, meter: Meter) -> Sequence[Mark]:
        stack = stage.stack
        install_bench_jars(stack.layout.jars)
        fill_schema_topic(stack.broker.bootstrap, stage.backlog, stage.rows_file)
        folder = stack.layout.state / _PROGRAM
        folder.mkdir(exist_ok=True)
        (folder / "offsets").unlink(missing_ok=True)
        # A folder of the plugin path is a plugin.
        plugin = folder / "plugins" / DEBEZIUM
        if not plugin.exists():
            plugin.parent.mkdir()
            plugin.symlink_to(stack.layout.jars / DEBEZIUM)
        worker = _written(folder / "worker.properties", self._worker(stage, folder))
        sink = _written(folder / "sink.properties", self._sink(stage))
        java = (
            str(find_java().executable),
            "-Xmx1g",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{stack.layout.jars / CONNECT}/*",
        )
        command = (*java, "org.apache.kafka.connect.cli.ConnectStandalone", str(worker), str(sink))
        with (
            psycopg.connect(stack.dsns["writer"], autocommit=True) as connection,
            ended_with(stack, _PROGRAM),
        ):

            def inserted() -> int:
                row = connection.execute(_INSERTED).fetchone()
                return row[0] if row else 0

            before = inserted()
            meter.start()
            process = stack.run(Program(_PROGRAM, command, folder))
            meter.watch(process.pid)
            marks = polled(lambda: inserted() - before, wanted=stage.backlog.rows, alive=lambda: process.poll() is None)
            meter.stop()
        return marks

    def _worker(self, stage: Stage, folder: Path) -> dict[str, str]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        return {
            "bootstrap.servers": stage.stack.broker.bootstrap,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "true",
            "offset.storage.file.filename": str(folder / "offsets"),
            "plugin.path": str(folder / "plugins"),
            "plugin.discovery": "service_load",
            "listeners": f"http://127.0.0.1:{port}",
            "consumer.max.poll.records": "5000",
            "consumer.fetch.max.bytes": "50000000",
            "consumer.max.partition.fetch.bytes": "16000000",
            "consumer.auto.offset.reset": "earliest",
        }

    def _sink(self, stage: Stage) -> dict[str, str]:
        dsn = urlsplit(stage.stack.dsns["writer"])
        return {
            # A name is a consumer group: a new one a run starts at the beginning.
            "name": f"bench-{time.time_ns()}",
            "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
            "tasks.max": str(stage.backlog.partitions),
            "topics": SCHEMA_TOPIC,
            "connection.url": f"jdbc:postgresql://{dsn.hostname}:{dsn.port}{dsn.path}",
            "connection.username": dsn.username or "",
            "connection.password": dsn.password or "",
            "collection.name.format": "bench.trade_keyed",
            "insert.mode": "upsert",
            "primary.key.mode": "record_value",
            "primary.key.fields": "event_id",
            "schema.evolution": "none",
            "batch.size": "5000",
            "dialect.postgres.unnest.insert.enabled": str(self.unnest).lower(),
        }


def _written(path: Path, properties: Mapping[str, str]) -> Path:
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
    return path
