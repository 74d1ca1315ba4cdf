"""Where Kafka's two topics end: the side of the proof that Postgres cannot know."""

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from marketpulse.errors import RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

TopicEnds = dict[tuple[str, int], int]


def topic_ends(bootstrap: str, *, timeout_s: float = 10.0) -> TopicEnds:
    """The next offset of every partition of both topics. Raises RetriableError when the broker does not answer."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": int(timeout_s * 1000)})
    try:
        topics = admin.list_topics(timeout=timeout_s).topics
        spots = [
            TopicPartition(name, partition)
            for name in (EVENT_TOPIC, DEAD_LETTER_TOPIC)
            if name in topics
            for partition in topics[name].partitions
        ]
        if not spots:
            return {}
        answers = admin.list_offsets({spot: OffsetSpec.latest() for spot in spots})
        return {(spot.topic, spot.partition): answer.result(timeout_s).offset for spot, answer in answers.items()}
    except (KafkaException, TimeoutError) as error:
        raise RetriableError(f"Kafka at {bootstrap} does not answer ({error}): is it running?") from None
