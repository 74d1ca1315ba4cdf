"""What Kafka says about a topic: its identity and which offsets each partition still has."""

import logging
from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from marketpulse.errors import RetriableError

logger = logging.getLogger(__name__)

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets that a partition has: [earliest, end)."""

    earliest: int
    end: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is now. A topic that was deleted and made again has another id."""

    name: str
    topic_id: str
    partitions: dict[int, Bounds]


class TopicReader:
    """Asks the broker. Blocks for about 10 s at most; every failure is a RetriableError."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 10_000}, logger=logger)

    def read(self, name: str) -> Topic:
        try:
            described = self._admin.describe_topics(TopicCollection([name]), request_timeout=_TIMEOUT_S)
            description = described[name].result()
            places = [TopicPartition(name, partition.id) for partition in description.partitions]
            earliest = self._offsets(places, OffsetSpec.earliest())
            end = self._offsets(places, OffsetSpec.latest())
        except KafkaException as error:
            raise RetriableError(f"Kafka at {self._bootstrap} does not tell about {name}: {error.args[0]}") from None
        bounds = {partition: Bounds(earliest[partition], end[partition]) for partition in sorted(earliest)}
        return Topic(name, str(description.topic_id), bounds)

    def _offsets(self, places: list[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
        answers = self._admin.list_offsets(dict.fromkeys(places, spec), request_timeout=_TIMEOUT_S)
        return {place.partition: answer.result().offset for place, answer in answers.items()}
