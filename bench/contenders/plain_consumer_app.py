"""The shortest fast consumer: decode, join with tabs, COPY; a commit of the rows, and one of the offsets after it."""

import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from confluent_kafka import Consumer

sys.path.insert(0, str(Path(__file__).parents[1]))

from contenders.plain_consumer import write_marks

TOPIC = "stock_analysis"
BATCH = 20_000
FIELDS = [
    "schema_version",
    "event_type",
    "entity_id",
    "event_id",
    "action",
    "provider",
    "endpoint",
    "feed",
    "synthetic",
    "symbol",
    "provider_symbol",
    "session_part",
    "trading_date",
    "event_at",
    "event_time_ns",
    "event_time_precision",
    "event_time_basis",
    "requested_at",
    "received_at",
    "producer_id",
    "producer_seq",
    "currency",
    "price",
    "size",
    "trade_id",
    "exchange",
    "tape",
    "conditions",
    "volume_scope",
]

decode = msgspec.json.Decoder().decode
encode = msgspec.json.encode


def line(record: dict[str, Any]) -> str:
    record["conditions"] = encode(record["conditions"]).decode()
    # Postgres would round the ninth digit of a time.
    record["event_at"] = record["event_at"][:26] + "Z"
    return "\t".join([str(record[field]) for field in FIELDS])


def main() -> None:
    bootstrap, dsn, rows, path = sys.argv[1:]
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"plain-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.max.bytes": 100_000_000,
            "max.partition.fetch.bytes": 20_000_000,
        }
    )
    consumer.subscribe([TOPIC])
    marks, done = [], 0
    with psycopg.connect(dsn) as connection:
        while done < int(rows):
            messages = consumer.consume(BATCH, timeout=1.0)
            if not messages:
                continue
            text = "\n".join([line(decode(message.value())) for message in messages])
            with connection.cursor().copy("COPY bench.trade FROM STDIN") as copy:
                copy.write(f"{text}\n")
            connection.commit()
            consumer.commit(asynchronous=True)
            done += len(messages)
            marks.append((time.time(), done))
    write_marks(marks, Path(path))
    signal.pause()


if __name__ == "__main__":
    main()
