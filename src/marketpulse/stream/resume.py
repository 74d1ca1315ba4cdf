"""Going on after a loss: what Kafka no longer has is shown, and with a person's consent written down and passed over.

The one way to move the ledger by hand. An accepted loss stands in ops.stream_loss, so that the proof counts it.
"""

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from marketpulse.broker.first_offset import first_offset
from marketpulse.broker.topic import Place, Topic
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.ledger import Position, why_lost
from marketpulse.stream.statements import Connection, sql

TOPICS = (EVENT_TOPIC, DEAD_LETTER_TOPIC)

FirstOffset = Callable[[Place, int], int | None]


@dataclass(frozen=True, slots=True)
class Loss:
    """Offsets [at.next_offset, to_offset) that will never land, and where the stream goes on; None: nowhere."""

    at: Position
    to_offset: int
    reason: str
    onward: Position | None

    def __str__(self) -> str:
        start, lost = self.at.next_offset, self.to_offset - self.at.next_offset
        onward = "is read no more" if self.onward is None else f"goes on at offset {self.onward.next_offset}"
        return f"{self.at.place}: {self.reason}; {lost} records from offset {start} on are lost, it {onward}"


def resume(writer_dsn: str, bootstrap: str, *, accepted_by: str | None = None) -> tuple[Loss, ...]:
    """What the stream cannot land any more. With the name of who accepts it, it is written down and passed over.

    No batch lands meanwhile. Raises RetriableError when Postgres or Kafka does not answer.
    """
    topics = TopicReader(bootstrap)
    with (
        outages(writer_dsn),
        connect(writer_dsn, application_name="stream resume", autocommit=True) as connection,
        connection.transaction(),
    ):
        ledger = [Position(*row) for row in connection.execute(sql("hold_ledger"))]
        found = {name: topics.topic(name) for name in TOPICS}
        rows = connection.execute(sql("select_unlanded"), {"topics": list(TOPICS)})
        unlanded = {(topic, partition): int(records) for topic, partition, records in rows}
        losses = find_losses(ledger, found, unlanded, lambda place, start: first_offset(bootstrap, place, start))
        if accepted_by is not None:
            for loss in losses:
                _accept(connection, loss, accepted_by)
    return losses


def operator() -> str:
    """Who runs this command, and where."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number without a name.
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def find_losses(
    ledger: list[Position], topics: Mapping[str, Topic], unlanded: Mapping[Place, int], first: FirstOffset
) -> tuple[Loss, ...]:
    """The losses between the ledger and Kafka. `unlanded` counts the acknowledged records that never landed."""
    found = (
        _loss(position, topics[position.topic], unlanded.get((position.topic, position.partition), 0), first)
        for position in ledger
        if position.topic in topics
    )
    return tuple(loss for loss in found if loss is not None)


def _loss(at: Position, topic: Topic, unlanded: int, first: FirstOffset) -> Loss | None:
    bounds, reason = topic.partitions.get(at.partition), why_lost(at, topic)
    if reason is not None and bounds is None:
        return Loss(at, at.next_offset + unlanded, reason, None)
    if bounds is None:
        return None
    if reason is not None and not at.is_of(topic.topic_id):
        onward = replace(at, topic_id=topic.topic_id, next_offset=bounds.earliest)
        return Loss(at, at.next_offset + unlanded, reason, onward)
    if reason is not None and at.next_offset > bounds.end:
        return Loss(at, at.next_offset + unlanded, reason, at.after_cut(bounds.end))
    start = max(at.next_offset, bounds.earliest)
    # Also within its bounds a log may lack records.
    there = first((at.topic, at.partition), start) if start < bounds.end else None
    next_offset = start if there is None else there
    if next_offset == at.next_offset:
        return None
    return Loss(at, next_offset, reason or "records are missing in the log", replace(at, next_offset=next_offset))


def _accept(connection: Connection, loss: Loss, accepted_by: str) -> None:
    at, onward = loss.at, loss.onward
    values: dict[str, object] = {
        "topic": at.topic,
        "topic_id": at.topic_id,
        "partition": at.partition,
        "from_offset": at.next_offset,
        "to_offset": loss.to_offset,
        "reason": loss.reason,
        "accepted_by": accepted_by,
    }
    connection.execute(sql("insert_loss"), values)
    if onward is None:
        connection.execute(sql("delete_ledger"), values)
    else:
        moved = {"next_topic_id": onward.topic_id, "next_offset": onward.next_offset}
        connection.execute(sql("move_ledger"), values | moved)
