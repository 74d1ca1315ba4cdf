"""Where Kafka's two topics end: the side of the proof that Postgres cannot know."""

from marketpulse.broker.topic import Place
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

TopicEnds = dict[Place, int]


def topic_ends(bootstrap: str, *, timeout_s: float = 10.0) -> TopicEnds:
    """The next offset of every partition of both topics, so far as they exist. Raises RetriableError as they do."""
    reader = TopicReader(bootstrap, timeout_s=timeout_s)
    counts = reader.partition_counts()
    names = (EVENT_TOPIC, DEAD_LETTER_TOPIC)
    return reader.ends((name, partition) for name in names for partition in range(counts.get(name, 0)))
