from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr
from tests.database import Database, free_port
from tests.monitor.conftest import Broker

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.monitor.lag import measure
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def ago_ms(**ago: float) -> int:
    return int((NOW - timedelta(**ago)).timestamp() * 1000)


def ledger(database: Database, *rows: tuple[str, int, int]) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        for topic, partition, next_offset in rows:
            connection.execute(
                "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)"
                " VALUES (%s, %s, 'x', %s, 1)",
                (topic, partition, next_offset),
            )


def test_records_and_the_age_of_the_oldest_one_that_waits(database: Database, broker: Broker) -> None:
    broker.send(EVENT_TOPIC, 0, count=3, written_ms=ago_ms(hours=10))
    broker.send(EVENT_TOPIC, 0, count=4, written_ms=ago_ms(seconds=30))
    broker.send(EVENT_TOPIC, 1, count=5, written_ms=ago_ms(hours=10))
    ledger(database, (EVENT_TOPIC, 0, 3), (EVENT_TOPIC, 1, 5), (EVENT_TOPIC, 3, 1), (DEAD_LETTER_TOPIC, 3, 1))
    with psycopg.connect(database.operations_dsn) as connection:
        lags = measure(Settings(kafka_bootstrap=broker.bootstrap), connection, now=NOW)
    waiting = [lag for lag in lags if lag.lag_records]
    assert [(lag.topic, lag.partition, lag.next_offset, lag.end_offset, lag.lag_records) for lag in waiting] == [
        (EVENT_TOPIC, 0, 3, 7, 4)
    ]
    # The partition was idle for ten hours before: that is no lag.
    assert waiting[0].lag_seconds == pytest.approx(30)
    assert waiting[0].retention_hours_left == pytest.approx(168 - 30 / 3600)
    assert all(lag.lag_seconds == 0 and lag.retention_hours_left is None for lag in lags if not lag.lag_records)


def test_the_landing_rate_says_how_long_the_backlog_lasts(database: Database, broker: Broker) -> None:
    broker.send(EVENT_TOPIC, 0, count=90, written_ms=ago_ms(seconds=5))
    ledger(database, (EVENT_TOPIC, 0, 60))
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_batch (batch_id, epoch, topic, topic_id, partition, first_offset, last_offset,"
            " records, landed, duplicate, superseding, dead_lettered, market_at)"
            " VALUES (1, 1, %s, 't', 0, 0, 59, 60, 60, 0, 0, 0, now())",
            (EVENT_TOPIC,),
        )
    with psycopg.connect(database.operations_dsn) as connection:
        lags = measure(Settings(kafka_bootstrap=broker.bootstrap), connection, now=NOW)
    assert {lag.drain_seconds for lag in lags if (lag.topic, lag.partition) == (EVENT_TOPIC, 0)} == {30.0}


def test_a_partition_that_never_landed_counts_from_what_kafka_holds(database: Database, broker: Broker) -> None:
    with psycopg.connect(database.operations_dsn) as connection:
        lags = measure(Settings(kafka_bootstrap=broker.bootstrap), connection, now=NOW)
    assert sum(lag.lag_records for lag in lags) == 2


def test_an_absent_broker_is_an_outage(database: Database) -> None:
    with psycopg.connect(database.operations_dsn) as connection, pytest.raises(RetriableError, match="does not answer"):
        measure(Settings(kafka_bootstrap=f"127.0.0.1:{free_port()}"), connection, now=NOW)


def test_a_missing_topic_needs_a_person(database: Database) -> None:
    from confluent_kafka import Producer

    empty = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(empty.list_topics(timeout=5).brokers.values()))
    settings = Settings(kafka_bootstrap=f"{address.host}:{address.port}", operations_dsn=SecretStr(""))
    with (
        psycopg.connect(database.operations_dsn) as connection,
        pytest.raises(OperatorError, match="no topic stock_analysis"),
    ):
        measure(settings, connection, now=NOW)
