"""When single records were written, read from the broker itself."""

from collections.abc import Mapping
from datetime import UTC, datetime

from confluent_kafka import Consumer, TopicPartition

from marketpulse.broker.client import quiet_configuration
from marketpulse.broker.topic import Place

_PATIENCE_S = 5.0
_SLICE_S = 0.5


def record_times(bootstrap: str, offsets: Mapping[Place, int]) -> dict[Place, datetime]:
    """When the records at these offsets were written. A partition that does not answer in time is left out."""
    if not offsets:
        return {}
    consumer = Consumer(
        {
            **quiet_configuration(bootstrap),
            "group.id": "marketpulse-lag",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 1024,
        }
    )
    times: dict[Place, datetime] = {}
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()])
        for _ in range(int(_PATIENCE_S / _SLICE_S)):
            for message in consumer.consume(num_messages=500, timeout=_SLICE_S):
                place = (message.topic(), message.partition())
                if message.error() is None and place not in times:
                    times[place] = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
                    consumer.pause([TopicPartition(*place)])
            if len(times) == len(offsets):
                break
    finally:
        consumer.close()
    return times
