"""More partitions on a real broker: drained first, refused when it cannot be right, and no fact depends on the move."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from tests.command import Command, Finished
from tests.database import Database
from tests.stream.consumer_query import SparklessStream
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, trade
from tests.stream.tables import empty, tables
from tests.stream.topics import Topics
from tests.warehouse.rows import load

from marketpulse.broker.topic_reader import TopicReader, event_partitions
from marketpulse.events.event import Action, Trade
from marketpulse.events.partition import partition_of
from marketpulse.ingest.publisher import Publisher, producer_configuration
from marketpulse.settings import EVENT_TOPIC
from marketpulse.warehouse.proof import prove

pytestmark = pytest.mark.integration

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
LATER = RECEIVED + timedelta(seconds=5)


class Pipeline:
    """Producers, the stream and the command between one broker and one database."""

    def __init__(self, kafka: Topics, feeder: Feeder, database: Database, command: Command) -> None:
        self.kafka, self.feeder, self._database, self._command = kafka, feeder, database, command
        self.stream = SparklessStream(kafka.bootstrap, database.writer_dsn)

    def producer(self, producer_id: str) -> Publisher:
        partitions = event_partitions(self.kafka.bootstrap)
        return Publisher(producer_id, partitions, producer_configuration(self.kafka.bootstrap, 1_048_576))

    def publish(self, publisher: Publisher, trades: Iterable[Trade]) -> None:
        for one in trades:
            publisher.publish(one, datetime.now(UTC))
        publisher.flush()

    def acknowledged(self, publisher: Publisher, producer_id: str, events: int) -> None:
        """What the producer writes down once the broker has everything."""
        row = {"producer_id": producer_id, "trading_date": DAY}
        seqs = {"records": events, "events": events, "highest_seq": publisher.highest()}
        load(self._database.owner_dsn, {"ops.producer_run": [row], "ops.poll": [row | seqs]})

    def land(self, records: int) -> None:
        self.stream.run_until(
            lambda: (
                self.feeder.rows("SELECT sum(next_offset)::int FROM ops.stream_ledger WHERE topic = %s", EVENT_TOPIC)
                == [(records,)]
            )
        )
        # As after a stop: nothing has been seen for a while.
        self.feeder.execute("UPDATE ops.stream_run SET seen_at = now() - interval '1 minute'")

    def repartition(self, partitions: int) -> Finished:
        return self._command.run(
            "stream",
            "repartition",
            str(partitions),
            MARKETPULSE_WRITER_DSN=self._database.writer_dsn,
            MARKETPULSE_KAFKA_BOOTSTRAP=self.kafka.bootstrap,
        )

    @property
    def partitions(self) -> int:
        return TopicReader(self.kafka.bootstrap).partition_counts()[EVENT_TOPIC]


@pytest.fixture
def pipeline(kafka: Topics, feeder: Feeder, database: Database, command: Command) -> Pipeline:
    feeder.execute("UPDATE ops.stream_run SET seen_at = now() - interval '1 minute'")
    return Pipeline(kafka, feeder, database, command)


def first_versions() -> list[Trade]:
    return [
        trade(number, symbol=symbol, at=OPEN + timedelta(seconds=number), price=str(10 + number))
        for number in range(6)
        for symbol in SYMBOLS
    ]


def later_versions() -> list[Trade]:
    """Corrections, cancels, one cancel without a trade, copies and new trades of the same minute."""
    changes: tuple[tuple[int, str, Action], ...] = ((1, "99", "correct"), (2, "12", "cancel"), (7, "50", "cancel"))
    changed = [
        trade(number, symbol=symbol, at=OPEN + timedelta(seconds=number), price=price, action=action, received_at=LATER)
        for symbol in SYMBOLS
        for number, price, action in changes
    ]
    new = [trade(8, symbol=symbol, at=OPEN + timedelta(seconds=30), price="33") for symbol in SYMBOLS]
    return [*changed, *first_versions()[:5], *new]


def test_symbols_move_and_every_fact_number_and_offset_stays_right(
    pipeline: Pipeline, feeder: Feeder, database: Database
) -> None:
    pipeline.kafka.make(2)
    old = pipeline.producer("p-old")
    pipeline.publish(old, first_versions())
    pipeline.acknowledged(old, "p-old", len(first_versions()))
    pipeline.land(len(first_versions()))

    done = pipeline.repartition(5)
    assert done.status == 0, done.err
    assert done.out.startswith("stock_analysis has 5 partitions, it had 2: set MARKETPULSE_KAFKA_PARTITIONS=5")
    assert feeder.rows("SELECT partition FROM ops.stream_ledger WHERE topic = %s ORDER BY 1", EVENT_TOPIC) == [
        (number,) for number in range(5)
    ]

    new = pipeline.producer("p-new")
    moved = [symbol for symbol in SYMBOLS if partition_of(symbol, 5) != partition_of(symbol, 2)]
    assert moved
    pipeline.publish(new, later_versions())
    pipeline.acknowledged(new, "p-new", len(later_versions()))
    # One that was frozen when it should have been stopped: it still spreads over two, and its numbers go on.
    late = [trade(3, symbol=symbol, at=OPEN + timedelta(seconds=3), price="13", received_at=LATER) for symbol in moved]
    pipeline.publish(old, late)
    pipeline.land(len(first_versions()) + len(later_versions()) + len(late))

    [read_last] = pipeline.stream.starts[-1:]
    assert [at.partition for at in read_last if at.topic == EVENT_TOPIC] == [0, 1, 2, 3, 4]
    proof = prove(database.operations_dsn, kafka_bootstrap=pipeline.kafka.bootstrap, settle_s=0)
    assert [equation.name for equation in proof.equations if not equation.balanced] == []
    by_many = tables(feeder)
    empty(feeder)
    feeder.restart()
    feeder.land(*first_versions(), *later_versions(), *late)
    assert tables(feeder) == by_many


def test_broken_off_it_is_finished_by_the_same_command(pipeline: Pipeline, feeder: Feeder) -> None:
    pipeline.kafka.make(2)
    pipeline.publish(pipeline.producer("p-1"), first_versions())
    pipeline.land(len(first_versions()))
    assert pipeline.repartition(3).status == 0
    feeder.execute("DELETE FROM ops.stream_ledger WHERE topic = %s AND partition = 2", EVENT_TOPIC)
    again = pipeline.repartition(3)
    assert (again.status, again.out) == (
        0,
        "stock_analysis has 3 partitions already, and the ledger knows all of them\n",
    )
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger WHERE partition = 2") == [(0,)]


def test_a_topic_that_grows_under_a_running_stream_is_read_whole(pipeline: Pipeline, feeder: Feeder) -> None:
    """Somebody used Kafka's own tool: the running query ends and the next one reads all partitions."""
    pipeline.kafka.make(1)
    pipeline.publish(pipeline.producer("p-1"), first_versions())
    grown: list[Publisher] = []

    def is_enough() -> bool:
        [(landed,)] = feeder.rows("SELECT count(*) FROM market.event")
        if landed == len(first_versions()) and not grown:
            pipeline.kafka.grow(4)
            grown.append(pipeline.producer("p-2"))
            pipeline.publish(grown[0], later_versions())
        return bool(landed == len(first_versions()) + 12)

    pipeline.stream.run_until(is_enough)
    assert [len(start) for start in pipeline.stream.starts] == [2, 5]


def test_what_cannot_be_right_is_refused_and_changes_nothing(pipeline: Pipeline, feeder: Feeder) -> None:
    missing = pipeline.repartition(3).refusal
    assert "has no topic stock_analysis" in missing

    pipeline.kafka.make(2)
    pipeline.publish(pipeline.producer("p-1"), first_versions())
    waiting = pipeline.repartition(3).refusal
    assert "stock_analysis/0: the ledger stands at offset 0, Kafka ends at" in waiting
    assert "records have not landed; start the stream (the DAG market_stream) until they have" in waiting
    pipeline.land(len(first_versions()))

    assert "has 2 partitions, and Kafka never takes one away" in pipeline.repartition(1).refusal

    feeder.execute("UPDATE ops.stream_run SET seen_at = now(), host = 'elsewhere', pid = 7")
    running = pipeline.repartition(3).refusal
    assert "the stream is running (run 2 on elsewhere, pid 7, seen 0 s ago): pause the DAG market_stream" in running
    feeder.execute("UPDATE ops.stream_run SET seen_at = now() - interval '1 minute'")

    feeder.execute(
        "INSERT INTO ops.lease VALUES ('producer', 'elsewhere:9:p-1', gen_random_uuid(), now(), now(),"
        " now() + interval '10 s')"
    )
    assert "the producer is running (elsewhere:9:p-1)" in pipeline.repartition(3).refusal
    feeder.execute("DELETE FROM ops.lease")

    feeder.execute("UPDATE ops.stream_ledger SET topic_id = 'another' WHERE topic = %s", EVENT_TOPIC)
    anew = pipeline.repartition(3).refusal
    assert "the topic was made anew" in anew
    assert "'marketpulse stream resume' shows what is lost" in anew
    assert pipeline.partitions == 2
    assert feeder.rows("SELECT count(*) FROM ops.stream_ledger WHERE topic = %s", EVENT_TOPIC) == [(2,)]
