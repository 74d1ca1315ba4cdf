"""The two topics of a real broker, made, filled, shortened and lost."""

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from tests.stream.sink_records import Feeder

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.store.postgres import connect
from marketpulse.stream.ledger import Position, positions, read_ledger

TOPICS = (EVENT_TOPIC, DEAD_LETTER_TOPIC)


class Topics:
    """The topics, and a stream that reads them without Spark."""

    def __init__(self, bootstrap: str, feeder: Feeder) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        self._feeder = feeder

    def make(self, partitions: int = 1) -> None:
        wanted = [NewTopic(EVENT_TOPIC, partitions), NewTopic(DEAD_LETTER_TOPIC, 1)]
        for future in self._admin.create_topics(wanted).values():
            future.result(20)

    def grow(self, partitions: int) -> None:
        """With Kafka's own means, behind everybody's back."""
        for future in self._admin.create_partitions([NewPartitions(EVENT_TOPIC, partitions)]).values():
            future.result(20)

    def lose(self) -> None:
        """Delete what is there, and wait until the broker no longer shows it."""
        present = set(TOPICS) & TopicReader(self.bootstrap).partition_counts().keys()
        if present:
            for future in self._admin.delete_topics(sorted(present)).values():
                future.result(20)

    def publish(self, count: int, partition: int = 0) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        for _ in range(count):
            producer.produce(EVENT_TOPIC, b"x", partition=partition)
        assert producer.flush(20) == 0

    def expire(self, offset: int) -> None:
        for future in self._admin.delete_records([TopicPartition(EVENT_TOPIC, 0, offset)]).values():
            future.result(20)

    def enter(self) -> list[Position]:
        """Where the stream starts, as its driver finds out; the ledger has its rows afterwards."""
        reader = TopicReader(self.bootstrap)
        with connect(self._feeder.owner_dsn, application_name="test") as connection:
            ledger = read_ledger(connection)
        wanted = [place for name in TOPICS for place in positions(ledger, reader.topic(name))]
        for place in wanted:
            self._feeder.execute(
                "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)"
                " VALUES (%s, %s, %s, %s, 1) ON CONFLICT DO NOTHING",
                place.topic,
                place.partition,
                place.topic_id,
                place.next_offset,
            )
        return wanted
