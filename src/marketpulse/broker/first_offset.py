"""Which record a partition really has next: offsets may be missing within a log, which its bounds do not show."""

from confluent_kafka import Consumer, TopicPartition

from marketpulse.broker.client import TIMEOUT_S, outages, quiet_configuration
from marketpulse.broker.topic import Place


def first_offset(bootstrap: str, place: Place, start: int, *, timeout_s: float = TIMEOUT_S) -> int | None:
    """The offset of the first record at `start` or behind it; None when there is none within the time."""
    consumer = Consumer(
        {
            **quiet_configuration(bootstrap),
            "group.id": "marketpulse-resume",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "queued.max.messages.kbytes": 1024,
        }
    )
    try:
        with outages(bootstrap):
            consumer.assign([TopicPartition(*place, start)])
            for message in consumer.consume(1, timeout=timeout_s):
                if message.error() is None:
                    return int(message.offset())
        return None
    finally:
        consumer.close()
