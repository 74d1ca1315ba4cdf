"""A ledger that goes back under a running query, as a crash of Postgres may leave it: mended without a person."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.database import Database
from tests.stream.consumer_query import SparklessStream
from tests.stream.sink_records import OPEN, Feeder, trade
from tests.stream.topics import Topics

from marketpulse.errors import OperatorError
from marketpulse.events.event import Trade
from marketpulse.ingest.publisher import Publisher, producer_configuration
from marketpulse.settings import EVENT_TOPIC
from marketpulse.warehouse.proof import prove

pytestmark = pytest.mark.integration


class Play:
    """A producer, and a stream that loses its last transaction when it is told to."""

    def __init__(self, kafka: Topics, feeder: Feeder, database: Database) -> None:
        kafka.make(1)
        self.stream = SparklessStream(kafka.bootstrap, database.writer_dsn)
        self._publisher = Publisher("p-1", 1, producer_configuration(kafka.bootstrap, 1_048_576))
        self._feeder = feeder
        self._published = 0

    def publish(self, count: int) -> None:
        for number in range(self._published + 1, self._published + count + 1):
            self._publisher.publish(_trade(number), datetime.now(UTC))
        self._publisher.flush()
        self._published += count

    def has_landed(self, count: int) -> bool:
        return bool(self._feeder.rows("SELECT count(*) FROM market.event") == [(count,)])

    def lose_last_transaction(self) -> int:
        """What `synchronous_commit = off` allows a crash to take: whole transactions, from the end. Returns to which
        offset the ledger went back."""
        [(batch, first_offset)] = self._feeder.rows(
            "SELECT batch_id, first_offset FROM ops.stream_batch ORDER BY batch_id DESC LIMIT 1"
        )
        for statement in LOST:
            self._feeder.execute(statement, batch)
        self._feeder.execute(
            "UPDATE ops.stream_ledger SET next_offset = %s WHERE topic = %s", first_offset, EVENT_TOPIC
        )
        return int(first_offset)


LOST = (
    "DELETE FROM market.event WHERE batch_id = %s",
    "DELETE FROM market.bar_1m WHERE batch_id = %s",
    "DELETE FROM ops.stream_batch_source WHERE batch_id = %s",
    "DELETE FROM ops.stream_batch_day WHERE batch_id = %s",
    "DELETE FROM ops.stream_batch WHERE batch_id = %s",
)


def _trade(number: int) -> Trade:
    return trade(number, at=OPEN + timedelta(minutes=number), producer_seq=number)


@pytest.fixture
def play(kafka: Topics, feeder: Feeder, database: Database) -> Play:
    return Play(kafka, feeder, database)


def test_the_query_ends_and_the_next_one_reads_from_the_ledger(play: Play, database: Database) -> None:
    play.publish(3)
    play.stream.run_until(lambda: play.has_landed(3))
    play.publish(4)
    went_back_to: list[int] = []

    def is_enough() -> bool:
        if not went_back_to and play.has_landed(7):
            went_back_to.append(play.lose_last_transaction())
            play.publish(1)
        return play.has_landed(8)

    play.stream.run_until(is_enough)
    assert [start[0].next_offset for start in play.stream.starts] == [0, 3, *went_back_to]
    proof = prove(database.operations_dsn, settle_s=0)
    assert [equation.name for equation in proof.equations if not equation.balanced] == []


def test_records_that_are_really_missing_stop_it(play: Play, kafka: Topics, feeder: Feeder) -> None:
    play.publish(5)
    play.stream.run_until(lambda: play.has_landed(5))
    next_offset = play.lose_last_transaction()
    kafka.expire(5)
    told = f"stock_analysis/0: the ledger expects offset {next_offset}, Kafka has 5 to 5: records expired"
    with pytest.raises(OperatorError, match=told) as stopped:
        play.stream.run_until(lambda: False)
    assert "'marketpulse stream resume' shows what is lost" in str(stopped.value)
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger WHERE topic = %s", EVENT_TOPIC) == [(next_offset,)]
