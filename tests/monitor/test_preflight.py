from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from confluent_kafka import Producer
from pydantic import SecretStr
from tests.database import Database
from tests.monitor.conftest import Broker

from marketpulse.errors import LeaseHeldError, OperatorError
from marketpulse.monitor.preflight import check_producer, wait_for_free_lease
from marketpulse.settings import Settings
from marketpulse.store import lease
from marketpulse.store.postgres import connect
from marketpulse.warehouse import migrations


@pytest.fixture
def fresh(postgres: Database) -> Iterator[Database]:
    """A database of its own, without a schema."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE preflight OWNER marketpulse_owner")
        yield replace(
            postgres,
            owner_dsn=f"{postgres.owner_dsn.rpartition('/')[0]}/preflight",
            operations_dsn=f"{postgres.operations_dsn.rpartition('/')[0]}/preflight",
        )
        connection.execute("DROP DATABASE preflight WITH (FORCE)")


def test_it_names_what_is_missing_and_is_content_when_nothing_is(fresh: Database, broker: Broker) -> None:
    settings = Settings(
        operations_dsn=SecretStr(fresh.operations_dsn),
        kafka_bootstrap=broker.bootstrap,
    )
    with pytest.raises(OperatorError, match="migrations are pending: 0001"):
        check_producer(settings)
    migrations.apply(fresh.owner_dsn)
    check_producer(settings)
    empty = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(empty.list_topics(timeout=5).brokers.values()))
    with pytest.raises(OperatorError, match="no topic stock_analysis"):
        check_producer(settings.model_copy(update={"kafka_bootstrap": f"{address.host}:{address.port}"}))


def test_a_renewed_lease_names_its_holder_and_a_dead_one_is_waited_out(database: Database) -> None:
    settings = Settings(operations_dsn=SecretStr(database.operations_dsn))
    with connect(database.operations_dsn, application_name="test") as connection:
        held = lease.acquire(connection, "producer", "box:1:p-1", 30.0)
        with pytest.raises(LeaseHeldError, match="box:1:p-1 is producing already"):
            wait_for_free_lease(settings, sleep=lambda _: lease.renew(connection, held))
        lease.release(connection, held)
        lease.acquire(connection, "producer", "box:1:p-1", 0.2)
        wait_for_free_lease(settings)
