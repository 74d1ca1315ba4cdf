"""Fills the topic, with the product's own producer settings and headers, and keeps the same rows as a file."""

from pathlib import Path

from confluent_kafka import Producer

from backlog.trades import Backlog, Message, messages
from marketpulse.ingest.publisher import logger, producer_configuration
from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.settings import EVENT_TOPIC, Settings


def fill(bootstrap: str, backlog: Backlog, rows_file: Path) -> None:
    """Publish the backlog and write its lines of COPY. Blocks until the broker has acknowledged everything."""
    settings = Settings(kafka_partitions=backlog.partitions)
    ensure_topics(bootstrap, settings)
    failures: list[str] = []
    larger_queue = {"queue.buffering.max.messages": 200_000, "queue.buffering.max.kbytes": 400_000, "linger.ms": 50}
    producer = Producer(
        {
            **producer_configuration(bootstrap, settings.kafka_max_message_bytes),
            **larger_queue,
            "on_delivery": lambda error, _: failures.append(str(error)) if error else None,
        },
        logger=logger,
    )
    with rows_file.open("wb", buffering=1 << 20) as lines:
        for number, message in enumerate(messages(backlog)):
            send(producer, message)
            lines.write(message.line)
            if number % 20_000 == 0:
                producer.poll(0)
    left = producer.flush(120)
    assert not left, f"{left} records are not acknowledged"
    assert not failures, failures[0]


def send(producer: Producer, message: Message) -> None:
    """Hand a record to the client; waits while its queue is full."""
    headers = [
        ("schema-version", b"1"),
        ("event-type", b"trade"),
        ("provider", b"alpaca"),
        ("event-id", message.event_id),
    ]
    while True:
        try:
            producer.produce(EVENT_TOPIC, message.value, message.key, partition=message.partition, headers=headers)
            return
        except BufferError:
            producer.poll(0.2)
