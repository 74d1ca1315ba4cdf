"""A sink on the test session's database, with a run that may commit."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.database import Database
from tests.stream.sink_records import Feeder

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
