"""Where the stream stands, and whether Kafka can go on from there. Postgres owns the offsets, Spark carries them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from marketpulse.broker.topic import Place, Topic
from marketpulse.errors import OperatorError
from marketpulse.stream.statements import Connection, sql

WHAT_TO_DO = "'marketpulse stream resume' shows what is lost, with --accept-loss the stream goes on without it"

# Behind a topic's id: how often its log was cut, after which offsets it had given out come again.
_CUTS = "~"


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to land of one partition, and the identity of the log it counts in.

    `topic_id` is Kafka's own, with the number of the log's cuts behind it when there were any.
    """

    topic: str
    partition: int
    topic_id: str
    next_offset: int

    @property
    def place(self) -> str:
        """How messages name the partition."""
        return f"{self.topic}/{self.partition}"

    def is_of(self, topic_id: str) -> bool:
        """Whether Kafka's topic of this id is the one that the position counts in."""
        return self.topic_id.partition(_CUTS)[0] == topic_id

    def after_cut(self, end: int) -> "Position":
        """The position at the end of a log that has become shorter."""
        topic_id, _, cuts = self.topic_id.partition(_CUTS)
        return replace(self, topic_id=f"{topic_id}{_CUTS}{int(cuts or 0) + 1}", next_offset=end)


def read_ledger(connection: Connection) -> dict[Place, Position]:
    """Every partition that the stream has read. Read it before asking Kafka: the end of a log only grows."""
    rows = connection.execute(sql("select_ledger"))
    return {(topic, partition): Position(topic, partition, *rest) for topic, partition, *rest in rows}


def positions(ledger: Mapping[Place, Position], topic: Topic) -> list[Position]:
    """Where to read each partition of a topic; one that the ledger does not know starts at its earliest offset.

    Raises OperatorError when Kafka no longer has what comes next: then a person has to accept the loss.
    """
    result = []
    for partition, bounds in topic.partitions.items():
        start = Position(topic.name, partition, topic.topic_id, bounds.earliest)
        position = ledger.get((topic.name, partition), start)
        reason = why_lost(position, topic)
        if reason is not None:
            raise OperatorError(
                f"{position.place}: the ledger expects offset {position.next_offset}, Kafka has {bounds.earliest} to"
                f" {bounds.end}: {reason}; {WHAT_TO_DO}"
            )
        result.append(position)
    return result


def why_lost(position: Position, topic: Topic) -> str | None:
    """Why the stream cannot go on at this position; None when it can."""
    bounds = topic.partitions.get(position.partition)
    if not position.is_of(topic.topic_id):
        return f"the topic was made anew, its id is {topic.topic_id} and no more {position.topic_id}"
    if bounds is None:
        return "the topic no longer has this partition"
    if position.next_offset < bounds.earliest:
        return "records expired before they landed"
    if position.next_offset > bounds.end:
        return "the log was cut"
    return None


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
