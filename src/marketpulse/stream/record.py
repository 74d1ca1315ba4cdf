"""One Kafka record as the sink sees it, and where a record came from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa

from marketpulse.events.event import AnyEvent, DeadLetter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNKNOWN_PROVIDER = "unknown"
# What an index entry can hold and the bookkeeping tables need; longer names are no names.
NAME_LIMIT = 128
_BIGINT_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class Record:
    """A record of one topic-partition; `published_at` is the broker's record time."""

    topic: str
    partition: int
    offset: int
    published_at: datetime
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who published a record, as far as it can be told: what the bookkeeping per producer counts by."""

    provider: str
    producer_id: str
    producer_seq: int | None


class _Claim(msgspec.Struct):
    provider: str = UNKNOWN_PROVIDER
    producer_id: str = ""
    producer_seq: int | None = None


_claims = msgspec.json.Decoder(_Claim)


def origin_of(record: AnyEvent | DeadLetter) -> Origin:
    """The origin that a readable record states."""
    return Origin(record.provider, record.producer_id, record.producer_seq)


def guessed_origin(value: bytes | None) -> Origin:
    """The origin of a record that breaks the contract: what can still be read of it, so that its producer's numbers
    stay without a hole."""
    try:
        claim = _claims.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Origin(UNKNOWN_PROVIDER, "", None)
    if not all(_storable_name(name) for name in (claim.provider, claim.producer_id)):
        return Origin(UNKNOWN_PROVIDER, "", None)
    seq = claim.producer_seq
    return Origin(claim.provider, claim.producer_id, seq if seq is None or 0 <= seq < _BIGINT_LIMIT else None)


def _storable_name(name: str) -> bool:
    return len(name) <= NAME_LIMIT and name.isprintable()


def records_of(batch: pa.RecordBatch) -> list[Record]:
    """The records of an Arrow batch with the columns topic, partition, offset, timestamp, value."""
    columns = [batch.column(name) for name in ("topic", "partition", "offset")]
    published = batch.column("timestamp").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return [
        Record(topic, partition, offset, _EPOCH + timedelta(microseconds=at_us), value)
        for topic, partition, offset, at_us, value in zip(
            *(column.to_pylist() for column in columns),
            published.to_pylist(),
            batch.column("value").to_pylist(),
            strict=True,
        )
    ]
