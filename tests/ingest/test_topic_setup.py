"""Topics on a real broker: created on purpose, checked, kept."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from tests.ingest.real_broker import RealBroker

from marketpulse.broker.topic_reader import TopicReader, event_partitions
from marketpulse.errors import OperatorError
from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings


def configuration(broker: RealBroker, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    entries = admin.describe_configs([resource])[resource].result(20)
    return {name: entry.value for name, entry in entries.items()}


@pytest.mark.integration
def test_topics_have_their_partitions_retention_and_record_size(broker: RealBroker) -> None:
    assert ensure_topics(broker.bootstrap, Settings()) == ()
    counts = TopicReader(broker.bootstrap).partition_counts()
    assert (counts[EVENT_TOPIC], counts[DEAD_LETTER_TOPIC]) == (4, 1)
    assert event_partitions(broker.bootstrap) == 4
    assert set(TopicReader(broker.bootstrap).topic(EVENT_TOPIC).partitions) == {0, 1, 2, 3}
    for topic in (EVENT_TOPIC, DEAD_LETTER_TOPIC):
        values = configuration(broker, topic)
        assert (values["retention.ms"], values["max.message.bytes"]) == (str(168 * 3_600_000), "1048576")


@pytest.mark.integration
def test_changed_retention_is_corrected_and_more_partitions_are_the_operators(broker: RealBroker) -> None:
    ensure_topics(broker.bootstrap, Settings(kafka_retention_hours=200))
    assert configuration(broker, EVENT_TOPIC)["retention.ms"] == str(200 * 3_600_000)
    ensure_topics(broker.bootstrap, Settings())
    assert configuration(broker, EVENT_TOPIC)["retention.ms"] == str(168 * 3_600_000)
    with pytest.raises(OperatorError, match="has 4 partitions, the settings want 8"):
        ensure_topics(broker.bootstrap, Settings(kafka_partitions=8))
