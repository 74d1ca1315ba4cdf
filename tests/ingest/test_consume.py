"""Reading the topic back: from the beginning, from the end, a few or all, readable or as JSON."""

import pytest
from tests.ingest.real_broker import RealBroker
from tests.ingest.test_publisher import TRADE, publisher

from marketpulse.errors import OperatorError
from marketpulse.ingest.consume import consume
from marketpulse.ingest.consume_view import row
from marketpulse.settings import EVENT_TOPIC

pytestmark = pytest.mark.integration


def test_from_the_beginning_to_what_is_the_end(broker: RealBroker) -> None:
    sender = publisher(broker)
    for _ in range(3):
        sender.publish(TRADE)
    sender.flush()
    total = sum(broker.mark(EVENT_TOPIC).ends.values())
    records = list(consume(broker.bootstrap, beginning=True, follow=False))
    assert len(records) == total
    assert sum(record.event is not None and record.event.event_id == TRADE.event_id for record in records) >= 3


def test_maximum_ends_it(broker: RealBroker) -> None:
    assert len(list(consume(broker.bootstrap, beginning=True, maximum=2))) == 2


def test_from_the_end_only_new_records_come(broker: RealBroker) -> None:
    sender = publisher(broker)

    def publish_then_stop() -> bool:
        sender.publish(TRADE)
        sender.flush()
        return False

    (record,) = consume(broker.bootstrap, maximum=1, should_stop=publish_then_stop)
    assert record.event is not None
    assert record.event.event_id == TRADE.event_id
    line = row(record)
    assert "trade" in line
    assert "AAPL" in line
    assert "156.055" in line


def test_unreadable_record_is_shown_as_such(broker: RealBroker) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": broker.bootstrap})

    def publish() -> bool:
        producer.produce("unreadable", b"not json", partition=0)
        producer.flush()
        return False

    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic("unreadable", 1, 1)])["unreadable"].result(20)
    (record,) = consume(broker.bootstrap, topic="unreadable", maximum=1, should_stop=publish)
    assert record.event is None
    assert "unreadable: not_json" in row(record)


def test_unknown_topic_is_for_the_operator(broker: RealBroker) -> None:
    with pytest.raises(OperatorError, match="no topic nowhere"):
        list(consume(broker.bootstrap, topic="nowhere", beginning=True))
