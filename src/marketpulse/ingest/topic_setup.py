"""The two topics, created on purpose: partitions, retention and record size as the settings say, never by accident.

`kafka-topics --create` by hand with the same values is just as good; the README shows it.
"""

import logging
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from marketpulse.broker.client import TIMEOUT_S, admin_client, outages
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """What a topic has to be."""

    name: str
    partitions: int
    retention_ms: int
    max_message_bytes: int

    @property
    def configuration(self) -> dict[str, str]:
        return {"retention.ms": str(self.retention_ms), "max.message.bytes": str(self.max_message_bytes)}


def wanted_topics(settings: Settings) -> tuple[WantedTopic, ...]:
    """The topics of the pipeline. Dead letters are few and need one order: one partition."""
    retention_ms = settings.kafka_retention_hours * 3_600_000
    return (
        WantedTopic(EVENT_TOPIC, settings.kafka_partitions, retention_ms, settings.kafka_max_message_bytes),
        WantedTopic(DEAD_LETTER_TOPIC, 1, retention_ms, settings.kafka_max_message_bytes),
    )


def ensure_topics(bootstrap: str, settings: Settings) -> tuple[str, ...]:
    """Creates what is missing and returns the names it created; calling it again does nothing.

    An existing topic keeps its data: a difference in retention or record size is corrected, fewer partitions than
    wanted are an OperatorError (adding some changes where a symbol goes, so the stream must drain first).
    Raises RetriableError when the broker does not answer.
    """
    existing = TopicReader(bootstrap).partition_counts()
    admin = admin_client(bootstrap)
    missing = [topic for topic in wanted_topics(settings) if topic.name not in existing]
    for topic in wanted_topics(settings):
        if topic.name in existing:
            _check_partitions(topic, existing[topic.name])
            with outages(bootstrap):
                _align(admin, topic)
    if missing:
        _create(admin, missing)
    return tuple(topic.name for topic in missing)


def _check_partitions(topic: WantedTopic, partitions: int) -> None:
    if partitions < topic.partitions:
        raise OperatorError(
            f"topic {topic.name} has {partitions} partitions, the settings want {topic.partitions}: stop the producer, "
            f"let the stream drain, stop it and run 'marketpulse stream repartition {topic.partitions}', or lower "
            "MARKETPULSE_KAFKA_PARTITIONS"
        )
    if partitions > topic.partitions:
        logger.warning(
            "topic %s has %d partitions, more than the settings' %d", topic.name, partitions, topic.partitions
        )


def _align(admin: AdminClient, topic: WantedTopic) -> None:
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    current = admin.describe_configs([resource])[resource].result(timeout=TIMEOUT_S)
    changed = {name: value for name, value in topic.configuration.items() if current[name].value != value}
    if not changed:
        return
    logger.warning("topic %s: setting %s", topic.name, changed)
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in changed.items()]
    update = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=entries)
    admin.incremental_alter_configs([update])[update].result(timeout=TIMEOUT_S)


def _create(admin: AdminClient, topics: list[WantedTopic]) -> None:
    # As many replicas as the cluster makes by default: one here, mostly three elsewhere.
    new = [NewTopic(topic.name, topic.partitions, config=topic.configuration) for topic in topics]
    for name, future in admin.create_topics(new, operation_timeout=TIMEOUT_S).items():
        try:
            future.result(timeout=2 * TIMEOUT_S)
        except KafkaException as error:
            # Somebody else created it at the same time.
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise RetriableError(f"Kafka did not create topic {name}: {error.args[0].str()}") from None
