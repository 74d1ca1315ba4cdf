"""Questions about topics: which there are, how they are divided, and which offsets they hold."""

import time
from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec

from marketpulse.broker.client import TIMEOUT_S, admin_client, outages
from marketpulse.broker.topic import Bounds, Place, Topic
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

# A partition without a leader: its topic is a moment old, or its broker is starting.
_LEADERLESS = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_PAUSE_S = 0.1


class TopicReader:
    """Asks the broker. A question blocks for about `timeout_s` at most; every failure of it is a RetriableError."""

    def __init__(self, bootstrap: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s
        self._admin = admin_client(bootstrap, timeout_s=timeout_s)

    def partition_counts(self) -> dict[str, int]:
        """Every topic of the broker and its number of partitions."""
        with outages(self._bootstrap):
            # All topics on purpose: asking for one by name could create it on a broker that allows that.
            topics = self._admin.list_topics(timeout=self._timeout_s).topics
        return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}

    def places(self, *names: str) -> list[Place]:
        """Every partition of these topics. Raises OperatorError when one of them is missing."""
        counts = self.partition_counts()
        if missing := sorted(set(names) - counts.keys()):
            raise OperatorError(
                f"Kafka at {self._bootstrap} has no topic {', '.join(missing)}: run `marketpulse up`,"
                " or create it by hand"
            )
        return [(name, partition) for name in names for partition in range(counts[name])]

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        """Which offsets each of these partitions holds."""
        asked = list(places)
        earliest = self._offsets(asked, OffsetSpec.earliest())
        ends = self.ends(asked)
        return {place: Bounds(earliest[place], ends[place]) for place in asked}

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset that the next record of each of these partitions will have."""
        return self._offsets(list(places), OffsetSpec.latest())

    def topic(self, name: str) -> Topic:
        """One topic as it is now; that it is missing is an outage too, for it may be on its way."""
        try:
            described = self._admin.describe_topics(TopicCollection([name]), request_timeout=self._timeout_s)
            description = described[name].result()
        except KafkaException as error:
            raise RetriableError(f"Kafka at {self._bootstrap} does not tell about {name}: {error.args[0]}") from None
        bounds = self.bounds((name, partition.id) for partition in description.partitions)
        return Topic(name, str(description.topic_id), {place[1]: bounds[place] for place in sorted(bounds)})

    def _offsets(self, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
        if not places:
            return {}
        deadline = time.monotonic() + self._timeout_s
        with outages(self._bootstrap):
            while True:
                try:
                    return self._offsets_now(places, spec)
                except KafkaException as error:
                    if error.args[0].code() not in _LEADERLESS or time.monotonic() > deadline:
                        raise
                time.sleep(_PAUSE_S)

    def _offsets_now(self, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
        asked = {TopicPartition(*place): spec for place in places}
        answers = self._admin.list_offsets(asked, request_timeout=self._timeout_s)
        return {(spot.topic, spot.partition): answer.result().offset for spot, answer in answers.items()}


def event_partitions(bootstrap: str) -> int:
    """The number of partitions of the event topic. Raises OperatorError when one of the two topics is missing."""
    places = TopicReader(bootstrap).places(EVENT_TOPIC, DEAD_LETTER_TOPIC)
    return sum(name == EVENT_TOPIC for name, _ in places)
