"""Reading the topic back for people: an endless or bounded iterator of deserialised records. Commits no offsets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import RecordError, RetriableError
from marketpulse.events.codec import decode_event
from marketpulse.events.event import AnyEvent
from marketpulse.settings import EVENT_TOPIC

_BATCH = 500
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Consumed:
    """One record: where it stands, and its event, or why it cannot be read."""

    topic: str
    partition: int
    offset: int
    published_at: datetime
    value: bytes
    event: AnyEvent | None
    error: str = ""


def consume(
    bootstrap: str,
    *,
    beginning: bool = False,
    maximum: int | None = None,
    topic: str = EVENT_TOPIC,
    follow: bool = True,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Consumed]:
    """Records of a topic, from its beginning or from now on, `maximum` of them or all.

    With `follow` it waits for more at the end, else it stops at what was the end when it started. Order holds within a
    partition. Raises OperatorError for an unknown topic, RetriableError when the broker is away.
    """
    reader = TopicReader(bootstrap)
    bounds = {partition: held for (_, partition), held in reader.bounds(reader.places(topic)).items()}
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"marketpulse-consume-{uuid4().hex[:8]}",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
        }
    )
    try:
        starts = {partition: held.earliest if beginning else held.end for partition, held in bounds.items()}
        consumer.assign([TopicPartition(topic, partition, start) for partition, start in starts.items()])
        ends = None if follow else {partition: held.end for partition, held in bounds.items()}
        yield from _records(consumer, starts, ends, maximum, should_stop)
    finally:
        consumer.close()


def _records(
    consumer: Consumer,
    positions: dict[int, int],
    ends: dict[int, int] | None,
    maximum: int | None,
    should_stop: Callable[[], bool],
) -> Iterator[Consumed]:
    given = 0
    while not should_stop():
        if ends is not None and all(positions[partition] >= end for partition, end in ends.items()):
            return
        wanted = _BATCH if maximum is None else min(_BATCH, maximum - given)
        for message in consumer.consume(wanted, timeout=_POLL_S):
            error = message.error()
            if error is not None:
                _check(error)
                continue
            positions[message.partition()] = message.offset() + 1
            if ends is not None and message.offset() >= ends[message.partition()]:
                continue
            yield _consumed(message)
            given += 1
            if given == maximum:
                return


def _check(error: KafkaError) -> None:
    if error.code() == KafkaError._PARTITION_EOF or error.retriable():
        return
    raise RetriableError(f"Kafka does not deliver: {error.str()}")


def _consumed(message: Message) -> Consumed:
    raw = message.value() or b""
    published_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    place = (message.topic(), message.partition(), message.offset(), published_at, raw)
    try:
        return Consumed(*place, decode_event(raw))
    except RecordError as error:
        return Consumed(*place, None, str(error))
