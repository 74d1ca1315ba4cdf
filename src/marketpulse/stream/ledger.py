"""Where the stream stands, and whether Kafka can go on from there. Postgres owns the offsets, Spark carries them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from marketpulse.broker.topic import Place, Topic
from marketpulse.errors import OperatorError
from marketpulse.stream.statements import Connection, sql


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to land of one partition, and the identity of the topic it counts in."""

    topic: str
    partition: int
    topic_id: str
    next_offset: int


def read_ledger(connection: Connection) -> dict[Place, Position]:
    """Every partition that the stream has read. Read it before asking Kafka: the end of a log only grows."""
    rows = connection.execute(sql("select_ledger"))
    return {(topic, partition): Position(topic, partition, *rest) for topic, partition, *rest in rows}


def positions(ledger: Mapping[Place, Position], topic: Topic) -> list[Position]:
    """Where to read each partition of a topic; one that the ledger does not know starts at its earliest offset.

    Raises OperatorError when Kafka no longer has what comes next: the topic was made anew, records expired before
    they landed, or the log was cut.
    """
    result = []
    for partition, bounds in topic.partitions.items():
        start = Position(topic.name, partition, topic.topic_id, bounds.earliest)
        position = ledger.get((topic.name, partition), start)
        place = f"{topic.name}/{partition}"
        if position.topic_id != topic.topic_id:
            raise OperatorError(
                f"{place}: the topic was made anew, its id is {topic.topic_id}; the ledger expects offset"
                f" {position.next_offset} of {position.topic_id}: to start it afresh, delete the topic's rows from"
                " ops.stream_ledger"
            )
        if not bounds.earliest <= position.next_offset <= bounds.end:
            raise OperatorError(
                f"{place}: the ledger expects offset {position.next_offset}, Kafka has {bounds.earliest} to"
                f" {bounds.end}: records were lost; to go on without them, set next_offset in ops.stream_ledger"
            )
        result.append(position)
    return result


def enter(connection: Connection, wanted: Iterable[Position], *, epoch: int) -> None:
    """Give every position a ledger row; those that have one keep it."""
    for position in wanted:
        values = {
            "topic": position.topic,
            "partition": position.partition,
            "topic_id": position.topic_id,
            "next_offset": position.next_offset,
            "epoch": epoch,
        }
        connection.execute(sql("insert_ledger"), values)


def assignment(wanted: Iterable[Position]) -> str:
    """The Kafka source's `assign` option."""
    partitions: dict[str, list[int]] = {}
    for position in wanted:
        partitions.setdefault(position.topic, []).append(position.partition)
    return json.dumps(partitions)


def starting_offsets(wanted: Iterable[Position]) -> str:
    """The Kafka source's `startingOffsets` option."""
    offsets: dict[str, dict[str, int]] = {}
    for position in wanted:
        offsets.setdefault(position.topic, {})[str(position.partition)] = position.next_offset
    return json.dumps(offsets)
