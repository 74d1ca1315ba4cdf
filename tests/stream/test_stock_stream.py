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
from tests.stream.strange_records import strange_records

from marketpulse.events.codec import encode
from marketpulse.events.event import Trade
from marketpulse.local.kafka import NAME as KAFKA
from marketpulse.settings import EVENT_TOPIC
from marketpulse.stream import consent

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

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self._dsn) as connection:
            return connection.execute(query).fetchall()

    def execute(self, query: str) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute(query)

    def passed(self, records: int) -> bool:
        """Whether the ledger has passed so many records."""
        return self.one("SELECT coalesce(sum(next_offset), 0) FROM ops.stream_ledger") == (records,)

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


def test_strange_records_and_a_flood_of_them(stack: SparkStack, database: Database) -> None:
    """Through Kafka and Spark: each strange record in its place, and a stop that only a person's consent ends."""
    books = Books(database)
    # The market's clock is the host's here: next week has been. And some records are longer than the topic takes.
    strange = [
        record
        for record in strange_records()
        if record.topic == EVENT_TOPIC and record.name != "a week ahead" and len(record.value or b"") < 900_000
    ]
    books.execute("INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES ('2001-01-03', 0, 0)")
    stack.publish_values(value for record in strange for value in (record.value, encode(books.trades(1)[0])))
    stack.submit("driver-1", database)
    expected = [(2 * number, record.reason) for number, record in enumerate(strange) if record.reason]
    eventually("every strange record has its verdict", lambda: books.passed(2 * len(strange)))
    assert books.rows("SELECT kafka_offset, reason FROM ops.dead_letter ORDER BY 1") == expected
    assert books.one("SELECT count(*) FROM market.event") == (2 * len(strange) - len(expected),)

    stack.publish_values([b"junk"] * 1000)
    assert stack.exit_status("driver-1", within_s=120) == 2
    assert "1,000 records in a row" in stack.log("driver-1")
    assert "'marketpulse stream resume --accept-dead-letters'" in stack.log("driver-1")
    landed = len(books.rows("SELECT FROM ops.dead_letter"))
    assert landed < len(expected) + 1000

    bootstrap = stack.broker.bootstrap
    assert len(consent.accept_dead_letters(database.writer_dsn, bootstrap, accepted_by="ops@here")) == 1
    stack.submit("driver-2", database)
    eventually("the flood has become dead letters", lambda: books.passed(2 * len(strange) + 1000))
    assert books.one("SELECT count(*) FROM ops.dead_letter") == (len(expected) + 1000,)
