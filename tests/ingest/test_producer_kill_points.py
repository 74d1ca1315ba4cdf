"""The producer killed, and frozen, between its steps, and the stream behind it: all of it lands once all the same."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.forking import CRASHED, ForkingProcess
from tests.ingest.producer_jobs import frozen_at, killed_at
from tests.ingest.producer_rig import ProducerRig
from tests.simulator.simulator_client import DAY
from tests.stream.consumer_query import SparklessStream
from tests.stream.sink_records import Feeder
from tests.stream.tables import BOOKS, TABLES, tables

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import FencedError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.warehouse.proof import prove

pytestmark = pytest.mark.integration

UNTIL = f"{DAY}T10:00:00Z"
NEVER = 1_000_000
# Two of publishing, two around the broker's acknowledgement, the transaction of the polls and the end of the run.
FEWEST_STEPS = 12


@pytest.fixture(scope="module")
def process() -> Iterator[ForkingProcess]:
    process = ForkingProcess("tests.ingest.producer_jobs")
    yield process
    process.close()


class Consumer:
    """The stream behind the producer, from where the topics end now."""

    def __init__(self, rig: ProducerRig) -> None:
        self._bootstrap = rig.broker.bootstrap
        self._feeder = Feeder(rig.database.owner_dsn, rig.database.writer_dsn)
        self._stream = SparklessStream(self._bootstrap, rig.database.writer_dsn, rig.simulator.addresses.control)

    def begin(self) -> None:
        """Forget everything, and start behind what is in Kafka."""
        forgotten = (*TABLES, *BOOKS, "ops.producer_run", "ops.poll", "ops.cursor", "ops.lease", "market.session")
        self._feeder.execute(f"TRUNCATE {', '.join(forgotten)} CASCADE")
        reader = TopicReader(self._bootstrap)
        for name in (EVENT_TOPIC, DEAD_LETTER_TOPIC):
            topic = reader.topic(name)
            for partition, bounds in topic.partitions.items():
                self._feeder.execute(
                    "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)"
                    " VALUES (%s, %s, %s, %s, 1)",
                    name,
                    partition,
                    topic.topic_id,
                    bounds.end,
                )

    def landed(self) -> dict[str, list[Any]]:
        """Every table once all of Kafka has landed."""
        reader = TopicReader(self._bootstrap)
        ends = sum(reader.ends(reader.places(EVENT_TOPIC, DEAD_LETTER_TOPIC)).values())
        self._stream.run_until(
            lambda: self._feeder.rows("SELECT sum(next_offset)::bigint FROM ops.stream_ledger") == [(ends,)]
        )
        return tables(self._feeder, without=("received_at",))


def test_killed_between_any_two_steps_nothing_is_lost_or_doubled(
    rig: ProducerRig, process: ForkingProcess, database: Database
) -> None:
    rig.stand(UNTIL)
    consumer = Consumer(rig)
    environment = rig.environment(MARKETPULSE_SYMBOLS="AAPL,TSLA")

    consumer.begin()
    assert process.begin(killed_at, NEVER, environment, DAY, UNTIL) == 0
    undisturbed = consumer.landed()
    assert len(undisturbed["market.event"]) > 20

    consumer.begin()
    moved_at = 0
    for step in count(1):
        status = process.begin(killed_at, step, environment, DAY, UNTIL)
        moved_at = moved_at or (step if rig.cursors() else 0)
        if status != CRASHED:
            break
    assert (status, step > FEWEST_STEPS) == (0, True)
    # No cursor before the broker had everything: publishing and acknowledgement come first.
    assert moved_at > 4
    assert {next_at for _, _, next_at in rig.cursors()} == {datetime.fromisoformat(UNTIL)}
    assert consumer.landed() == undisturbed
    proof = prove(database.operations_dsn, settle_s=0)
    assert [equation.name for equation in proof.equations if not equation.balanced] == []


# Events in the queue; all of them acknowledged and no row written; in the middle of the transaction of the polls.
@pytest.mark.parametrize("step", [2, 4, 6])
def test_frozen_beyond_its_lease_it_changes_nothing_when_it_wakes(
    rig: ProducerRig, process: ForkingProcess, database: Database, step: int
) -> None:
    """Another producer does the work meanwhile. What the frozen one still publishes are duplicates."""
    rig.stand(UNTIL)
    consumer = Consumer(rig)
    environment = rig.environment(MARKETPULSE_SYMBOLS="AAPL,TSLA", MARKETPULSE_LEASE_TTL_S="60")
    consumer.begin()
    assert process.begin(frozen_at, step, environment, DAY, UNTIL) is None
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.lease SET expires_at = now() - interval '1 s'")
    assert process.begin(killed_at, NEVER, environment, DAY, UNTIL) == 0
    undisturbed, cursors = consumer.landed(), rig.cursors()
    polls = "SELECT count(*), sum(events) FROM ops.poll"
    told = rig.rows(polls)

    assert process.wake() == FencedError.exit_status
    assert rig.cursors() == cursors
    assert rig.rows(polls) == told
    assert consumer.landed() == undisturbed
    proof = prove(database.operations_dsn, settle_s=0)
    assert [equation.name for equation in proof.equations if not equation.balanced] == []
