"""A sink on the test session's database, with a run that may commit; a broker, and topics that a test makes itself."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.database import Database
from tests.ingest.real_broker import RealBroker
from tests.stream.sink_records import Feeder
from tests.stream.topics import Topics

from marketpulse.settings import STREAM


@pytest.fixture
def feeder(database: Database) -> Iterator[Feeder]:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_run (stream, epoch, run_id, host, pid, started_at, seen_at)"
            " VALUES (%s, 1, gen_random_uuid(), 'here', 1, now(), now())",
            (STREAM,),
        )
    feeder = Feeder(database.owner_dsn, database.writer_dsn)
    yield feeder
    feeder.close()


@pytest.fixture(scope="package")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    broker = RealBroker(tmp_path_factory.mktemp("broker"))
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def kafka(_broker: RealBroker, feeder: Feeder) -> Iterator[Topics]:
    """A broker without our topics, before and after the test."""
    topics = Topics(_broker.bootstrap, feeder)
    topics.lose()
    yield topics
    topics.lose()
