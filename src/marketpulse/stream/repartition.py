"""More partitions for the event topic: the producer stops, the stream drains the old ones and stops, the topic grows,
and both go on with all of them.

A symbol may then go to another partition than before. No fact, bar or version depends on that; draining only spares the
restatements that reading one symbol from two partitions would cost. A producer's numbers stay right because each
instance asks for the partitions once and numbers every one of them from 1.
"""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil
from confluent_kafka.admin import NewPartitions

from marketpulse.broker.client import TIMEOUT_S, admin_client, outages
from marketpulse.broker.topic import Place, Topic
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, PRODUCER_LEASE, STREAM
from marketpulse.store import postgres
from marketpulse.stream.ledger import Position, enter, positions
from marketpulse.stream.statements import Connection, sql

# A running driver shows itself every 5 s, and starts another query within a few.
SEEN_WITHIN_S = 20.0
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Repartitioned:
    """The topic, and how many partitions it had and has."""

    topic: str
    before: int
    after: int

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.topic} has {self.after} partitions already, and the ledger knows all of them"
        return (
            f"{self.topic} has {self.after} partitions, it had {self.before}: set"
            f" MARKETPULSE_KAFKA_PARTITIONS={self.after}, then start the stream and the producer"
            " (the DAGs market_stream and market_producer)"
        )


def repartition(writer_dsn: str, bootstrap: str, partitions: int) -> Repartitioned:
    """Give the event topic so many partitions, each with a ledger row. Called again with the same number it finishes
    what was broken off.

    Raises OperatorError when a topic is missing or was made anew, when it has more partitions already, while producer
    or stream run, and while records of the old partitions wait; RetriableError when Postgres or Kafka does not answer.
    """
    topics = TopicReader(bootstrap)
    topics.places(EVENT_TOPIC, DEAD_LETTER_TOPIC)
    with (
        postgres.outages(writer_dsn),
        postgres.connect(writer_dsn, application_name="stream repartition", autocommit=True) as connection,
        connection.transaction(),
    ):
        # No batch lands until all is done.
        held = [Position(*row) for row in connection.execute(sql("hold_ledger"))]
        ledger = {(position.topic, position.partition): position for position in held}
        topic = topics.topic(EVENT_TOPIC)
        before = len(topic.partitions)
        if partitions < before:
            raise OperatorError(
                f"{topic.name} has {before} partitions, and Kafka never takes one away: ask for more than {before}"
            )
        _check_producer(connection)
        epoch = _check_stream(connection)
        _check_drained(ledger, topic)
        if partitions > before:
            topic = _grown(bootstrap, topics, partitions)
        enter(connection, positions(ledger, topic), epoch=epoch)
    return Repartitioned(topic.name, before, len(topic.partitions))


def _check_producer(connection: Connection) -> None:
    row = connection.execute(sql("select_lease_holder"), {"name": PRODUCER_LEASE}).fetchone()
    if row is not None:
        raise OperatorError(
            f"the producer is running ({row[0]}) and spreads symbols over the old partitions: stop it (the DAG"
            " market_producer), let the stream land the rest, stop the stream, and repeat"
        )


def _check_stream(connection: Connection) -> int:
    """The epoch of the last run, which has ended; 0 when there never was one."""
    row = connection.execute(sql("select_last_run"), {"stream": STREAM}).fetchone()
    if row is None:
        return 0
    epoch, host, pid, silent_s = row
    has_ended = host == socket.gethostname() and not psutil.pid_exists(pid)
    if silent_s < SEEN_WITHIN_S and not has_ended:
        raise OperatorError(
            f"the stream is running (run {epoch} on {host}, pid {pid}, seen {silent_s:.0f} s ago): pause the DAG"
            " market_stream, mark its run failed, and repeat"
        )
    return int(epoch)


def _check_drained(ledger: Mapping[Place, Position], topic: Topic) -> None:
    """Raises also where Kafka cannot go on from the ledger: see `positions`."""
    for position in positions(ledger, topic):
        end = topic.partitions[position.partition].end
        if position.next_offset < end:
            raise OperatorError(
                f"{position.place}: the ledger stands at offset {position.next_offset}, Kafka ends at {end}:"
                f" {end - position.next_offset} records have not landed; start the stream (the DAG market_stream) until"
                " they have, stop it, and repeat"
            )


def _grown(bootstrap: str, topics: TopicReader, partitions: int) -> Topic:
    """The topic once the broker shows all of its partitions."""
    # Named, so that it lives until the answer is there.
    admin = admin_client(bootstrap)
    with outages(bootstrap):
        asked = admin.create_partitions([NewPartitions(EVENT_TOPIC, partitions)])
        asked[EVENT_TOPIC].result(timeout=2 * TIMEOUT_S)
    deadline = time.monotonic() + TIMEOUT_S
    while len((topic := topics.topic(EVENT_TOPIC)).partitions) < partitions:
        if time.monotonic() > deadline:
            raise RetriableError(f"Kafka at {bootstrap} does not show the new partitions of {EVENT_TOPIC}: repeat")
        time.sleep(_PAUSE_S)
    return topic
