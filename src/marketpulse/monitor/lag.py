"""Lag: Kafka's end offsets against the ledger in Postgres, in records and in seconds.

Spark commits no offsets to Kafka, so consumer-group tools show nothing. The seconds are the age of the oldest record
that has not landed, read from Kafka itself: a partition that was quiet all night has no lag in the morning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.ingest.topics import partition_counts
from marketpulse.resources import read_sql
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

_TIMEOUT_S = 5.0
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Offsets:
    """What Kafka still holds of a partition: [earliest, end)."""

    earliest: int
    end: int


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition. `lost_records` left Kafka before they landed. None: nothing waits, or nothing moves."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    lag_records: int
    lag_seconds: float
    lost_records: int
    drain_seconds: float | None
    retention_hours_left: float | None


def measure(settings: Settings, connection: psycopg.Connection, *, now: datetime) -> tuple[PartitionLag, ...]:
    """The lag of every partition of both topics at `now` (host clock). Raises RetriableError when Kafka is away."""
    offsets = _kafka_offsets(settings.kafka_bootstrap)
    ledger = {
        (str(topic), int(partition)): (int(next_offset), float(rate))
        for topic, partition, next_offset, rate in connection.execute(read_sql("monitor/ledger"))
    }
    waiting = {
        place: max(ledger.get(place, (held.earliest, 0.0))[0], held.earliest)
        for place, held in offsets.items()
        if ledger.get(place, (held.earliest, 0.0))[0] < held.end
    }
    oldest = _record_times(settings.kafka_bootstrap, waiting)
    retention = timedelta(hours=settings.kafka_retention_hours)
    lags = []
    for place, held in sorted(offsets.items()):
        next_offset, rate = ledger.get(place, (held.earliest, 0.0))
        records = max(held.end - next_offset, 0)
        oldest_at = oldest.get(place)
        lags.append(
            PartitionLag(
                topic=place[0],
                partition=place[1],
                next_offset=next_offset,
                end_offset=held.end,
                lag_records=records,
                lag_seconds=max((now - oldest_at).total_seconds(), 0.0) if oldest_at is not None else 0.0,
                lost_records=max(held.earliest - next_offset, 0),
                drain_seconds=records / rate if records and rate else None,
                retention_hours_left=(
                    (oldest_at + retention - now).total_seconds() / 3600 if oldest_at is not None else None
                ),
            )
        )
    return tuple(lags)


def _kafka_offsets(bootstrap: str) -> dict[Place, Offsets]:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    counts = partition_counts(bootstrap, admin=admin)
    if missing := sorted({EVENT_TOPIC, DEAD_LETTER_TOPIC} - set(counts)):
        raise OperatorError(f"Kafka at {bootstrap} has no topic {', '.join(missing)}: run 'marketpulse up'")
    places = [(topic, partition) for topic in (EVENT_TOPIC, DEAD_LETTER_TOPIC) for partition in range(counts[topic])]
    try:
        ends = _listed(admin, places, OffsetSpec.latest())
        starts = _listed(admin, places, OffsetSpec.earliest())
    except KafkaException as error:
        raise RetriableError(f"Kafka at {bootstrap} does not answer ({error.args[0].str()}): is it running?") from None
    return {place: Offsets(starts[place], ends[place]) for place in places}


def _listed(admin: AdminClient, places: Iterable[Place], spec: OffsetSpec) -> dict[Place, int]:
    asked = {TopicPartition(topic, partition): spec for topic, partition in places}
    answers = admin.list_offsets(asked, request_timeout=_TIMEOUT_S)
    return {(asked_for.topic, asked_for.partition): answer.result().offset for asked_for, answer in answers.items()}


def _record_times(bootstrap: str, offsets: Mapping[Place, int]) -> dict[Place, datetime]:
    """When the records at these offsets were written. A partition that does not answer in time is left out."""
    if not offsets:
        return {}
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "marketpulse-lag",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 1024,
            "log_level": 0,
        }
    )
    times: dict[Place, datetime] = {}
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()])
        for _ in range(int(_TIMEOUT_S / 0.5)):
            for message in consumer.consume(num_messages=500, timeout=0.5):
                place = (message.topic(), message.partition())
                if message.error() is None and place not in times:
                    times[place] = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
                    consumer.pause([TopicPartition(*place)])
            if len(times) == len(offsets):
                break
    finally:
        consumer.close()
    return times
