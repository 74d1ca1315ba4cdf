"""The two topics, created on purpose: partitions, retention and record size as the settings say, never by accident.

`kafka-topics --create` by hand with the same values is just as good; the README shows it.
"""

import logging
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic has to be."""

    name: str
    partitions: int
    retention_ms: int
    max_message_bytes: int

    @property
    def configuration(self) -> dict[str, str]:
        return {"retention.ms": str(self.retention_ms), "max.message.bytes": str(self.max_message_bytes)}


def wanted_topics(settings: Settings) -> tuple[Topic, ...]:
    """The topics of the pipeline. Dead letters are few and need one order: one partition."""
    retention_ms = settings.kafka_retention_hours * 3_600_000
    return (
        Topic(EVENT_TOPIC, settings.kafka_partitions, retention_ms, settings.kafka_max_message_bytes),
        Topic(DEAD_LETTER_TOPIC, 1, retention_ms, settings.kafka_max_message_bytes),
    )


def ensure_topics(bootstrap: str, settings: Settings) -> tuple[str, ...]:
    """Creates what is missing and returns the names it created; calling it again does nothing.

    An existing topic keeps its data: a difference in retention or record size is corrected, fewer partitions than
    wanted are an OperatorError (adding some changes where a symbol goes, so the stream must drain first).
    Raises RetriableError when the broker does not answer.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": int(TIMEOUT_S * 1000)})
    existing = partition_counts(bootstrap, admin=admin)
    missing = [topic for topic in wanted_topics(settings) if topic.name not in existing]
    for topic in wanted_topics(settings):
        if topic.name in existing:
            _check_partitions(topic, existing[topic.name])
            _align(admin, topic)
    if missing:
        _create(admin, missing)
    return tuple(topic.name for topic in missing)


def partition_counts(bootstrap: str, *, admin: AdminClient | None = None) -> dict[str, int]:
    """Every topic of the broker and its number of partitions. Raises RetriableError when it does not answer."""
    client = admin or AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": int(TIMEOUT_S * 1000)})
    try:
        # All topics on purpose: asking for one by name could create it on a broker that allows that.
        metadata = client.list_topics(timeout=TIMEOUT_S)
    except KafkaException as error:
        raise RetriableError(f"Kafka at {bootstrap} does not answer ({error.args[0].str()}): is it running?") from None
    return {name: len(topic.partitions) for name, topic in metadata.topics.items() if topic.error is None}


def required_partitions(bootstrap: str) -> int:
    """The number of partitions of the event topic. Raises OperatorError when one of the two topics is missing."""
    existing = partition_counts(bootstrap)
    for name in (EVENT_TOPIC, DEAD_LETTER_TOPIC):
        if name not in existing:
            raise OperatorError(f"Kafka at {bootstrap} has no topic {name}: run `marketpulse up`, or create it by hand")
    return existing[EVENT_TOPIC]


def _check_partitions(topic: Topic, partitions: int) -> None:
    if partitions < topic.partitions:
        raise OperatorError(
            f"topic {topic.name} has {partitions} partitions, the settings want {topic.partitions}: stop the producer, "
            "let the stream drain, then add them with kafka-topics --alter, or lower MARKETPULSE_KAFKA_PARTITIONS"
        )
    if partitions > topic.partitions:
        logger.warning(
            "topic %s has %d partitions, more than the settings' %d", topic.name, partitions, topic.partitions
        )


def _align(admin: AdminClient, topic: Topic) -> None:
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    current = admin.describe_configs([resource])[resource].result(timeout=TIMEOUT_S)
    changed = {name: value for name, value in topic.configuration.items() if current[name].value != value}
    if not changed:
        return
    logger.warning("topic %s: setting %s", topic.name, changed)
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in changed.items()]
    update = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=entries)
    admin.incremental_alter_configs([update])[update].result(timeout=TIMEOUT_S)


def _create(admin: AdminClient, topics: list[Topic]) -> None:
    new = [NewTopic(topic.name, topic.partitions, 1, config=topic.configuration) for topic in topics]
    for name, future in admin.create_topics(new, operation_timeout=TIMEOUT_S).items():
        try:
            future.result(timeout=2 * TIMEOUT_S)
        except KafkaException as error:
            # Somebody else created it at the same time.
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise RetriableError(f"Kafka did not create topic {name}: {error.args[0].str()}") from None
