"""A sink that makes dead letters, and a broker between it and the commands that mend them."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.database import Database
from tests.ingest.real_broker import RealBroker
from tests.stream.sink_records import Feeder

from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.settings import STREAM, Settings


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


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    """A broker with the two topics."""
    broker = RealBroker(tmp_path_factory.mktemp("broker"))
    try:
        broker.start()
        ensure_topics(broker.bootstrap, Settings())
        yield broker
    finally:
        broker.kill()
