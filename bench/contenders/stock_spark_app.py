"""What spark-submit runs for the stock contenders: mode, bootstrap servers, JDBC address, DSN, file for the marks."""

import json
import signal
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, from_json
from pyspark.sql.streaming import StreamingQuery

TOPIC = "stock_analysis"
SCHEMA = """
    schema_version int, event_type string, entity_id string, event_id string, action string, provider string,
    endpoint string, feed string, synthetic boolean, symbol string, provider_symbol string, session_part string,
    trading_date date, event_at timestamp, event_time_ns bigint, event_time_precision string, event_time_basis string,
    requested_at timestamp, received_at timestamp, producer_id string, producer_seq bigint, currency string,
    price decimal(18, 6), size decimal(24, 6), trade_id string, exchange string, tape string, conditions string,
    volume_scope string
"""
UPSERT = """
    INSERT INTO bench.trade_keyed SELECT * FROM bench.trade_staging
    ON CONFLICT (event_id) DO UPDATE
    SET price = excluded.price, size = excluded.size, received_at = excluded.received_at
"""


def writer(mode: str, url: str, dsn: str) -> Callable[[DataFrame, int], None]:
    """What foreachBatch calls."""

    def into(frame: DataFrame, table: str) -> None:
        options = {"driver": "org.postgresql.Driver", "batchsize": "10000"}
        frame.write.jdbc(url, table, mode="append", properties=options)

    def append(frame: DataFrame, batch_id: int) -> None:
        into(frame, "bench.trade")

    def upsert(frame: DataFrame, batch_id: int) -> None:
        into(frame, "bench.trade_staging")
        with psycopg.connect(dsn) as connection:
            connection.execute(UPSERT)
            connection.execute("TRUNCATE bench.trade_staging")

    return upsert if mode == "upsert" else append


def write_marks(query: StreamingQuery, path: Path) -> None:
    """One line a batch: when it had ended, and how many rows there were by then."""
    rows, lines = 0, []
    for progress in query.recentProgress:
        if progress["numInputRows"]:
            rows += progress["numInputRows"]
            began_s = datetime.fromisoformat(progress["timestamp"]).timestamp()
            ended_s = began_s + progress["durationMs"]["triggerExecution"] / 1000
            lines.append(json.dumps({"at_s": ended_s, "rows": rows}))
    unfinished = path.with_suffix(".part")
    unfinished.write_text("\n".join(lines), encoding="utf-8")
    unfinished.rename(path)


def main() -> None:
    mode, bootstrap, url, dsn, marks = sys.argv[1:]
    spark = SparkSession.builder.appName("stock").getOrCreate()
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", TOPIC)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", "200000")
        .load()
    )
    trades = records.select(from_json(col("value").cast("string"), SCHEMA).alias("trade")).select("trade.*")
    checkpoint = tempfile.mkdtemp(dir=Path(marks).parent)
    query = (
        trades.writeStream.foreachBatch(writer(mode, url, dsn))
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    write_marks(query, Path(marks))
    # The executor's CPU time is read before it ends.
    signal.pause()


if __name__ == "__main__":
    main()
