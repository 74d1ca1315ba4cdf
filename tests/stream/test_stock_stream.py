"""The Spark job on real Kafka, real Spark standalone and real Postgres: exactly once through every kill."""

import logging
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.stream.sink_records import OPEN, dead_letter, trade
from tests.stream.spark_stack import SparkStack, eventually

from marketpulse.events.event import Trade
from marketpulse.local.kafka import NAME as KAFKA

logger = logging.getLogger(__name__)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")


@pytest.fixture
def stack() -> Iterator[SparkStack]:
    # A short path of our own: sockets and class paths are made from it.
    with tempfile.TemporaryDirectory(prefix="marketpulse-stream-", ignore_cleanup_errors=True) as folder:
        stack = SparkStack(Path(folder))
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
            for path in sorted(stack.layout.logs.glob("driver-*.log")):
                logger.info("%s ends with\n%s", path.name, stack.log(path.stem)[-3000:])


class Books:
    """What the test published, and what Postgres says about it."""

    def __init__(self, database: Database) -> None:
        self._dsn = database.owner_dsn
        self.next_id = 1

    def trades(self, count: int) -> list[Trade]:
        start, self.next_id = self.next_id, self.next_id + count
        return [
            trade(n, symbol=SYMBOLS[n % len(SYMBOLS)], at=OPEN + timedelta(milliseconds=100 * n), producer_seq=n)
            for n in range(start, start + count)
        ]

    def one(self, query: str) -> tuple[object, ...]:
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return tuple(row)

    def landed(self) -> bool:
        return self.one("SELECT count(*) FROM market.event") == (self.next_id - 1,)

    def assert_balanced(self, *, records: int) -> None:
        eventually(
            "every record landed", lambda: self.one("SELECT sum(next_offset) FROM ops.stream_ledger") == (records,)
        )
        assert self.landed()
        assert self.one("SELECT sum(trade_count), sum(volume) FROM market.bar_1m") == (
            self.next_id - 1,
            100 * (self.next_id - 1),
        )
        assert self.one("SELECT sum(records) FROM ops.stream_batch") == (records,)


def test_exactly_once_through_every_kill(stack: SparkStack, database: Database) -> None:
    books = Books(database)
    trades = books.trades(3000)
    stack.publish([*trades, *trades[:50], dead_letter(), dead_letter(), b"no json"])
    records = 3053
    stack.submit("driver-1", database)
    eventually("the first events landed", books.landed)
    books.assert_balanced(records=records)
    assert books.one("SELECT sum(duplicate), sum(dead_lettered) FROM ops.stream_batch") == (51, 2)

    assert stack.kill_executors() > 0
    stack.publish(books.trades(1000))
    eventually("events landed after the executor's death", books.landed)

    database.server.stop()
    stack.publish(books.trades(1000))
    database.server.start()
    eventually("events landed after Postgres came back", books.landed)

    stack.kill(KAFKA)
    stack.start_broker()
    stack.publish(books.trades(1000))
    eventually("events landed after Kafka came back", books.landed)

    stack.submit("driver-2", database)
    assert stack.exit_status("driver-1", within_s=90) == 4
    stack.publish(books.trades(1000))
    eventually("events landed through the new driver", books.landed)

    stack.kill("driver-2")
    stack.publish(books.trades(1000))
    stack.submit("driver-3", database)
    eventually("events landed after the driver's death", books.landed)
    books.assert_balanced(records=records + 5000)
    assert books.one("SELECT epoch FROM ops.stream_run") == (3,)
