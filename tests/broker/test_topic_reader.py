"""Questions about topics, asked of the broker inside librdkafka and of nobody."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from tests.database import free_port

from marketpulse.broker.record_times import record_times
from marketpulse.broker.topic import Bounds
from marketpulse.broker.topic_reader import TopicReader, event_partitions
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.settings import EVENT_TOPIC


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """A broker whose event topic holds three records in its second partition."""
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(producer.list_topics(timeout=5).brokers.values()))
    for number in range(3):
        producer.produce(EVENT_TOPIC, b"{}", partition=1, timestamp=1_000 * (number + 1))
    assert producer.flush(10) == 0
    yield f"{address.host}:{address.port}"
    producer.flush(1)


def test_a_topic_has_partitions_and_each_of_them_its_offsets(bootstrap: str) -> None:
    reader = TopicReader(bootstrap)
    places = reader.places(EVENT_TOPIC)
    assert places == [(EVENT_TOPIC, partition) for partition in range(reader.partition_counts()[EVENT_TOPIC])]
    bounds = reader.bounds(places)
    assert bounds[EVENT_TOPIC, 0] == Bounds(0, 0)
    assert bounds[EVENT_TOPIC, 1] == Bounds(0, 3)
    assert reader.ends(places) == {place: held.end for place, held in bounds.items()}
    assert reader.bounds([]) == {}


def test_when_a_record_was_written(bootstrap: str) -> None:
    times = record_times(bootstrap, {(EVENT_TOPIC, 1): 1})
    assert {place: at.timestamp() for place, at in times.items()} == {(EVENT_TOPIC, 1): 2.0}


def test_a_missing_topic_needs_a_person(bootstrap: str) -> None:
    with pytest.raises(OperatorError, match=r"no topic stock_analysis\.dead_letter"):
        event_partitions(bootstrap)


def test_no_broker_is_an_outage_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    reader = TopicReader(f"127.0.0.1:{free_port()}", timeout_s=0.5)
    for question in (reader.partition_counts, lambda: reader.ends([(EVENT_TOPIC, 0)])):
        with pytest.raises(RetriableError, match="does not answer"):
            question()
    with pytest.raises(RetriableError, match="does not tell about"):
        reader.topic(EVENT_TOPIC)
    assert capfd.readouterr().err == ""
