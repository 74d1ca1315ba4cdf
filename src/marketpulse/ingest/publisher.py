"""Publishing to Kafka: numbered, in order, acknowledged by every replica, or the process ends.

`producer_seq` rises by one per topic and partition from 1, so a missing number anywhere downstream is a lost record.
A record that Kafka refuses after the retries therefore ends the run (RetriableError); no number is ever skipped.
Short outages of the broker are waited out by the client itself, with a bounded queue.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from marketpulse.errors import RecordError, RetriableError
from marketpulse.events.codec import encode, encode_dead_letter, stamped
from marketpulse.events.event import AnyEvent, DeadLetter
from marketpulse.events.partition import partition_of
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

logger = logging.getLogger(__name__)
# librdkafka announces on every start that the gapless guarantee is experimental.
logger.addFilter(lambda record: "CONFWARN" not in record.getMessage())

# A longer outage ends the process; its supervisor starts another one with a clean client.
PATIENCE_S = 600.0
# What a record takes on the wire beside its value: key, headers, and the frame of a batch that holds it alone.
_FRAME_BYTES = 1_024
QUEUE_RECORDS = 50_000
QUEUE_KBYTES = 65_536
_FLUSH_SLICE_S = 0.3


def new_producer_id() -> str:
    """A name for one producer instance; its numbers begin at 1."""
    return "p-" + uuid4().hex[:12]


def producer_configuration(bootstrap: str, max_message_bytes: int) -> dict[str, Any]:
    """The client's settings; each value is a promise of this module."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "marketpulse-producer",
        "enable.idempotence": True,
        # An error that would leave a gap is fatal at once. A timeout of single records would not count as one, so
        # records have none: `flush` ends the run instead.
        "enable.gapless.guarantee": True,
        "message.timeout.ms": 0,
        "acks": "all",
        "compression.type": "lz4",
        "linger.ms": 20,
        "message.max.bytes": max_message_bytes,
        "queue.buffering.max.messages": QUEUE_RECORDS,
        "queue.buffering.max.kbytes": QUEUE_KBYTES,
        # One callback a failure instead of one a record.
        "delivery.report.only.error": True,
        "reconnect.backoff.max.ms": 1000,
        "topic.metadata.refresh.interval.ms": 30_000,
    }


def value_bytes(max_message_bytes: int) -> int:
    """How long a record's value may be where the topic takes messages of so many bytes."""
    return max_message_bytes - _FRAME_BYTES


class Publisher:
    """One producer instance: its numbers, its queue, its failures. Use it from one thread.

    `wait` is called while the broker does not take records; it may raise to abandon the wait.
    """

    def __init__(
        self,
        producer_id: str,
        partitions: int,
        configuration: dict[str, Any],
        *,
        wait: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._producer_id = producer_id
        self._partitions = partitions
        self._value_bytes = value_bytes(configuration["message.max.bytes"])
        self._wait = wait
        self._monotonic = monotonic
        self._failure: str | None = None
        self._seqs: dict[tuple[str, int], int] = {}
        self._targets: dict[str, tuple[bytes, int]] = {}
        self._producer = Producer(
            {**configuration, "error_cb": self._on_error, "on_delivery": self._on_delivery}, logger=logger
        )

    def publish(self, event: AnyEvent, published_at: datetime | None = None) -> None:
        """Queues an event under its symbol's partition. Raises RecordError when it is too long for the topic.

        Kafka keeps it from `published_at` on; default: when it was received.
        """
        target = self._targets.get(event.symbol)
        if target is None:
            key = event.symbol.encode()
            target = self._targets[event.symbol] = (key, partition_of(event.symbol, self._partitions))
        key, partition = target
        seq = self._seqs.get((EVENT_TOPIC, partition), 0) + 1
        headers = [
            ("schema-version", b"1"),
            ("event-type", event.__struct_config__.tag),
            ("provider", event.provider),
            ("event-id", event.event_id),
        ]
        value = encode(stamped(event, self._producer_id, seq))
        self._produce(EVENT_TOPIC, partition, seq, key, value, headers, published_at or event.received_at)

    def publish_dead_letter(self, letter: DeadLetter) -> None:
        """Queues a dead letter. Raises RecordError when it is too long for the topic."""
        seq = self._seqs.get((DEAD_LETTER_TOPIC, 0), 0) + 1
        numbered = msgspec.structs.replace(letter, producer_id=self._producer_id, producer_seq=seq)
        headers = [("schema-version", b"1"), ("provider", letter.provider), ("reason", letter.reason)]
        key = letter.symbol.encode() if letter.symbol else None
        self._produce(DEAD_LETTER_TOPIC, 0, seq, key, encode_dead_letter(numbered), headers, letter.received_at)

    def flush(self) -> None:
        """Blocks until everything queued is acknowledged. Raises RetriableError when something never will be."""
        give_up_s = self._monotonic() + PATIENCE_S
        while self._producer.flush(_FLUSH_SLICE_S) > 0:
            self._hold_on(give_up_s)
        self._check()

    def flush_within(self, seconds: float) -> bool:
        """Like `flush` for a drain: gives up after so long and says whether everything was acknowledged."""
        left = self._producer.flush(seconds)
        return left == 0 and self._failure is None

    def highest(self) -> dict[str, int]:
        """The last number given out, by `topic/partition`."""
        return {f"{topic}/{partition}": seq for (topic, partition), seq in sorted(self._seqs.items())}

    def close(self) -> None:
        """Drops what is queued: a run that ends has flushed, or must not publish any more."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)

    def _produce(
        self,
        topic: str,
        partition: int,
        seq: int,
        key: bytes | None,
        value: bytes,
        headers: list[tuple[str, Any]],
        published_at: datetime,
    ) -> None:
        if len(value) > self._value_bytes:
            raise RecordError("too_long", f"{len(value)} bytes are more than the topic takes")
        timestamp_ms = int(published_at.timestamp() * 1000)
        give_up_s = self._monotonic() + PATIENCE_S
        while True:
            try:
                self._producer.produce(topic, value, key, partition=partition, timestamp=timestamp_ms, headers=headers)
            except BufferError:
                self._producer.poll(_FLUSH_SLICE_S)
                self._hold_on(give_up_s)
                continue
            except KafkaException as error:
                raise RetriableError(f"Kafka takes no records: {self._failure or error.args[0].str()}") from None
            self._seqs[(topic, partition)] = seq
            return

    def _hold_on(self, give_up_s: float) -> None:
        self._check()
        if self._monotonic() > give_up_s:
            raise RetriableError(f"Kafka has taken no records for {PATIENCE_S:.0f} s, the run ends")
        self._wait()

    def _check(self) -> None:
        if self._failure is not None:
            raise RetriableError(f"Kafka lost a record, the run ends before its position moves: {self._failure}")

    def _on_delivery(self, error: KafkaError | None, message: Any) -> None:
        if error is not None and self._failure is None:
            self._failure = error.str()

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._failure = self._failure or error.str()
        logger.warning("kafka: %s", error.str())
