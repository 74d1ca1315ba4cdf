"""The product's sink without Spark: one process takes the run over, reads on from the ledger, and lands batches."""

import signal
import sys
import time
from pathlib import Path

import pyarrow as pa
from confluent_kafka import Consumer, Message, TopicPartition

sys.path.insert(0, str(Path(__file__).parents[1]))

from contenders.plain_consumer import write_marks
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import EVENT_TOPIC, STREAM
from marketpulse.store.postgres import connect
from marketpulse.stream.fence import take_over
from marketpulse.stream.ledger import Position, enter, positions, read_ledger
from marketpulse.stream.record import partitions_of
from marketpulse.stream.sink import Sink, SinkPlan

BATCH = 40_000


def begin(bootstrap: str, dsn: str) -> tuple[int, list[Position]]:
    """What the driver does: the run's epoch, and where to read."""
    with connect(dsn, application_name="consumer", autocommit=True) as connection:
        epoch = take_over(connection, STREAM)
        wanted = positions(read_ledger(connection), TopicReader(bootstrap).topic(EVENT_TOPIC))
        enter(connection, wanted, epoch=epoch)
    return epoch, wanted


def columns(messages: list[Message]) -> pa.RecordBatch:
    """The messages as Spark hands them to the sink."""
    return pa.RecordBatch.from_pydict(
        {
            "topic": [EVENT_TOPIC] * len(messages),
            "partition": [message.partition() for message in messages],
            "offset": [message.offset() for message in messages],
            "timestamp": pa.array([message.timestamp()[1] for message in messages], pa.timestamp("ms", "UTC")),
            "value": pa.array([message.value() for message in messages], pa.binary()),
        }
    )


def main() -> None:
    bootstrap, dsn, rows, path = sys.argv[1:]
    epoch, wanted = begin(bootstrap, dsn)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"guaranteed-{time.time_ns()}",
            "enable.auto.commit": False,
            "fetch.max.bytes": 100_000_000,
            "max.partition.fetch.bytes": 20_000_000,
        }
    )
    consumer.assign([TopicPartition(EVENT_TOPIC, place.partition, place.next_offset) for place in wanted])
    sink = Sink(SinkPlan(STREAM, epoch, dsn, "host", 60.0))
    marks, done = [], 0
    while done < int(rows):
        messages = consumer.consume(BATCH, timeout=1.0)
        for records in partitions_of([columns(messages)]):
            sink.land(records)
            done += len(records)
            marks.append((time.time(), done))
    sink.close()
    write_marks(marks, Path(path))
    signal.pause()


if __name__ == "__main__":
    main()
