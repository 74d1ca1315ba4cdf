"""Kafka records as the sink sees them: one, with where it came from, and many of one partition as Arrow columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from marketpulse.events.event import AnyEvent, DeadLetter
from marketpulse.stream.arrays import Integers, pc

UNKNOWN_PROVIDER = "unknown"
# What an index entry can hold and the bookkeeping tables need; longer names are no names.
NAME_LIMIT = 128
_BIGINT_LIMIT = 2**63

# Columns of so many records at a time stay small.
_RUN = 20_000
_TYPES: dict[str, pa.DataType] = {
    "offset": pa.int64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "value": pa.binary(),
}
_SCHEMA = pa.schema(_TYPES)


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


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one partition in the order of their offsets; `table` has the columns offset, timestamp, value."""

    topic: str
    partition: int
    table: pa.Table

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Records":
        """The same records as columns. They are of one partition, and there is at least one."""
        columns: dict[str, list[Any]] = {
            "offset": [record.offset for record in records],
            "timestamp": [record.published_at.astimezone(UTC) for record in records],
            "value": [record.value for record in records],
        }
        return cls(records[0].topic, records[0].partition, pa.Table.from_pydict(columns, schema=_SCHEMA))

    def __len__(self) -> int:
        return self.table.num_rows

    def __getitem__(self, wanted: slice) -> "Records":
        start, stop, _ = wanted.indices(len(self))
        return Records(self.topic, self.partition, self.table.slice(start, max(stop - start, 0)))

    @property
    def offsets(self) -> Integers:
        return self.table.column("offset").to_numpy()

    def at(self, places: Sequence[int] | Integers) -> list[Record]:
        """The records at these places, counted from 0."""
        rows = self.table.take(pa.array(places, pa.int64()))
        columns = (rows.column(name).to_pylist() for name in ("offset", "timestamp", "value"))
        return [Record(self.topic, self.partition, *row) for row in zip(*columns, strict=True)]

    def since(self, offset: int) -> "Records":
        """Those from an offset on."""
        return self[int(np.searchsorted(self.offsets, offset)) :]

    def newest(self) -> datetime:
        """The latest record time."""
        latest: datetime = pc.max(self.table.column("timestamp")).as_py()
        return latest

    def chunks(self) -> Iterator["Records"]:
        """The same in runs whose values each lie in one piece of memory."""
        for batch in self.table.to_batches(_RUN):
            yield Records(self.topic, self.partition, pa.Table.from_batches([batch]))


def partitions_of(batches: Iterable[pa.RecordBatch]) -> list[Records]:
    """The records of Arrow batches with the columns topic, partition, offset, timestamp, value, by partition."""
    table = pa.Table.from_batches(batches) if (batches := list(batches)) else None
    if table is None or not table.num_rows:
        return []
    places = table.group_by(["topic", "partition"], use_threads=False).aggregate([]).to_pylist()
    rows = table.select(_SCHEMA.names).cast(_SCHEMA)
    if len(places) == 1:
        return [Records(places[0]["topic"], places[0]["partition"], rows)]
    return [Records(place["topic"], place["partition"], rows.filter(_is_at(table, place))) for place in places]


def _is_at(table: pa.Table, place: dict[str, Any]) -> Any:
    return pc.and_(
        pc.equal(table.column("topic"), place["topic"]), pc.equal(table.column("partition"), place["partition"])
    )
