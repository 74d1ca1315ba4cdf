"""Lag: Kafka's end offsets against the ledger in Postgres, in records and in seconds.

Spark commits no offsets to Kafka, so consumer-group tools show nothing. The seconds are the age of the oldest record
that has not landed, read from Kafka itself: a partition that was quiet all night has no lag in the morning.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from marketpulse.broker.record_times import record_times
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.resources import read_sql
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings


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
    """The lag of every partition of both topics at `now` (host clock).

    Raises RetriableError when Kafka is away, OperatorError when it has no such topic.
    """
    reader = TopicReader(settings.kafka_bootstrap)
    offsets = reader.bounds(reader.places(EVENT_TOPIC, DEAD_LETTER_TOPIC))
    ledger = {
        (str(topic), int(partition)): (int(next_offset), float(rate))
        for topic, partition, next_offset, rate in connection.execute(read_sql("monitor/ledger"))
    }
    waiting = {
        place: max(ledger.get(place, (held.earliest, 0.0))[0], held.earliest)
        for place, held in offsets.items()
        if ledger.get(place, (held.earliest, 0.0))[0] < held.end
    }
    oldest = record_times(settings.kafka_bootstrap, waiting)
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
