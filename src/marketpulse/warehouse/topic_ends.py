"""Where Kafka's two topics end: the side of the proof that Postgres cannot know."""

from marketpulse.broker.topic import End, Place
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

TopicEnds = dict[Place, End]


def topic_ends(bootstrap: str, *, timeout_s: float = 10.0) -> TopicEnds:
    """The next offset of every partition of both topics, so far as they exist. Raises RetriableError as they do."""
    reader = TopicReader(bootstrap, timeout_s=timeout_s)
    counts = reader.partition_counts()
    topics = [reader.topic(name) for name in (EVENT_TOPIC, DEAD_LETTER_TOPIC) if name in counts]
    return {
        (topic.name, partition): End(topic.topic_id, bounds.end)
        for topic in topics
        for partition, bounds in topic.partitions.items()
    }
