"""Stock Spark, as tutorials have it: from_json, foreachBatch, the JDBC writer. No guarantee over a failure at all.

It gets what helps it: large batches, 10,000 rows a statement, Spark's own JVM settings, the same cores and memory.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from backlog.gate import KEYED, PLAIN
from backlog.jars import DRIVER, install_bench_jars
from backlog.run import Mark, Meter, Stage, ended_with, read_marks
from backlog.stack import wait_until
from marketpulse.local.program import Program

_PROGRAM = "stock-spark"
_PATIENCE_S = 3600


@dataclass(slots=True)
class StockSpark:
    """`mode` is append, rewrite (append with reWriteBatchedInserts) or upsert (staging table, then ON CONFLICT)."""

    mode: str

    @property
    def name(self) -> str:
        return {
            "append": "stock Spark, JDBC append",
            "rewrite": "stock Spark, JDBC append, reWriteBatchedInserts",
            "upsert": "stock Spark, JDBC into staging, then upsert",
        }[self.mode]

    @property
    def source(self) -> tuple[str, str]:
        return KEYED if self.mode == "upsert" else PLAIN

    def drain(self, stage: Stage, meter: Meter) -> Sequence[Mark]:
        stack = stage.stack
        marks = stack.layout.state / "stock-spark.marks"
        marks.unlink(missing_ok=True)
        install_bench_jars(stack.layout.jars)
        jars = f"{stack.connector_jars}/*:{stack.layout.jars / DRIVER}/*"
        conf = {
            "spark.driver.extraClassPath": jars,
            "spark.executor.extraClassPath": jars,
            "spark.driver.memory": "1g",
            "spark.executor.memory": "1g",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.cores.max": "2",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.streaming.numRecentProgressUpdates": "100000",
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
            "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
            "spark.pyspark.python": sys.executable,
        }
        tools = Path(sys.executable).parent
        application = Path(__file__).with_name("stock_spark_app.py")
        dsn = stack.dsns["writer"]
        arguments = (self.mode, stack.broker.bootstrap, _jdbc_url(dsn, rewrite=self.mode != "append"), dsn, str(marks))
        command = (
            str(tools / "spark-submit"),
            "--master",
            stack.cluster.master_url,
            *(part for pair in conf.items() for part in ("--conf", "=".join(pair))),
            str(application),
            *arguments,
        )
        stack.start_spark()
        meter.start()
        with ended_with(stack, _PROGRAM):
            environment = {"PATH": f"{tools}:{os.environ['PATH']}"}
            process = stack.run(Program(_PROGRAM, command, stack.layout.state, environment))
            meter.watch(process.pid)
            wait_until(
                "the query has ended", lambda: marks.exists() or process.poll() is not None, within_s=_PATIENCE_S
            )
            meter.stop()
            return read_marks(marks)


def _jdbc_url(dsn: str, *, rewrite: bool) -> str:
    parts = urlsplit(dsn)
    address = (
        f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}?user={parts.username}&password={parts.password}"
    )
    return f"{address}&reWriteBatchedInserts=true" if rewrite else address
