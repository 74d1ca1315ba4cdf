"""Whatever a topic holds lands exactly or becomes a dead letter with its reason, bytes and place; nothing beside it
changes, and the equations hold."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from tests.database import Database
from tests.stream.sink_records import OPEN, Feeder, dead_letter, trade
from tests.stream.strange_records import StrangeRecord, strange_records

from marketpulse.events.codec import encode, encode_dead_letter
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.stream.record import Records, partitions_of
from marketpulse.warehouse.proof import prove

TABLE = strange_records()
# The records of the table give their numbers themselves, and nothing here is rolled up.
NOT_ASKED = {"sequences_complete", "sequences_continuous", "rollups_recomputed"}

LETTERS = """
    SELECT kafka_topic, kafka_offset, reason, md5(body)
    FROM ops.dead_letter
    WHERE feed IS NULL
    ORDER BY 1, 2
"""
EVENTS = """
    SELECT kafka_topic, kafka_offset, jsonb_object_agg(field.key, field.value)
        || jsonb_build_object('extra_length', length(extra::text)::text)
    FROM market.event
    CROSS JOIN LATERAL jsonb_each_text(to_jsonb(event)) AS field (key, value)
    WHERE (field.value IS NULL OR length(field.value) < 1000) AND symbol <> 'GOOD'
    GROUP BY 1, 2, length(extra::text)
"""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A record that is in order, next to one that is not."""

    number: int

    def on(self, topic: str) -> bytes:
        if topic == DEAD_LETTER_TOPIC:
            return encode_dead_letter(dead_letter(f"body {self.number}", symbol="GOOD"))
        at = OPEN + timedelta(seconds=self.number)
        return encode(trade(self.number, at=at, symbol="GOOD", price=f"{self.number + 1}.25"))


class Spark:
    """Hands values to the sink as Spark's task does: Arrow batches of one partition, and what came of them."""

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder
        self._sink = feeder.sink()
        feeder.execute("INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES ('2001-01-03', 0, 0)")

    def land(self, topic: str, values: Sequence[bytes | None]) -> list[Place]:
        records = self._feeder.records(*values, topic=topic)
        middle = (len(records) + 1) // 2
        batches = [arrow(part) for part in (records[:middle], records[middle:]) if len(part)]
        for part in partitions_of(batches):
            self._sink.land(part)
        return [(topic, offset) for offset in records.offsets.tolist()]

    def assert_landed(self, found: Iterable[tuple[Place, StrangeRecord]]) -> None:
        """Every strange record is in exactly the one place where the table wants it, as the table wants it."""
        letters = {(topic, offset): rest for topic, offset, *rest in self._feeder.rows(LETTERS)}
        events = {(topic, offset): values for topic, offset, values in self._feeder.rows(EVENTS)}
        for place, record in found:
            if record.reason is not None:
                digest = hashlib.md5(record.value or b"", usedforsecurity=False).hexdigest()
                assert (record.name, letters.pop(place, None)) == (record.name, [record.reason, digest])
                continue
            values = events.pop(place, {})
            assert (record.name, {key: values.get(key) for key in record.landed}) == (record.name, record.landed)
        assert (letters, events) == ({}, {})

    def assert_neighbours(self, numbers: Sequence[int]) -> None:
        events = [Neighbour(number) for number in numbers]
        assert self._feeder.rows(
            "SELECT trade_id, price, event_at, bar_start FROM market.event WHERE symbol = 'GOOD' ORDER BY event_at"
        ) == [
            (
                str(event.number),
                Decimal(f"{event.number + 1}.25"),
                OPEN + timedelta(seconds=event.number),
                OPEN + timedelta(minutes=event.number // 60),
            )
            for event in events
        ]


def arrow(records: Records) -> pa.RecordBatch:
    """The records as Spark hands them over."""
    columns: dict[str, pa.Array[Any]] = {
        "topic": pa.array([records.topic] * len(records)),
        "partition": pa.array([records.partition] * len(records), pa.int32()),
        **{name: records.table.column(name).combine_chunks() for name in ("offset", "timestamp", "value")},
    }
    return pa.RecordBatch.from_pydict(columns)


def assert_conserved(database: Database) -> None:
    proof = prove(database.operations_dsn, settle_s=0)
    broken = [equation for equation in proof.equations if not equation.balanced and equation.name not in NOT_ASKED]
    assert broken == []


def test_the_table_is_a_table() -> None:
    assert len(TABLE) >= 60
    assert Counter(record.name for record in TABLE).most_common(1)[0][1] == 1
    assert len({record.value for record in TABLE}) >= len(TABLE) - 2  # both topics know the tombstone


def test_each_strange_record_alone(feeder: Feeder, database: Database) -> None:
    spark = Spark(feeder)
    spark.assert_landed([(spark.land(record.topic, [record.value])[0], record) for record in TABLE])
    assert_conserved(database)


def test_strange_records_between_good_neighbours(feeder: Feeder, database: Database) -> None:
    spark = Spark(feeder)
    found: list[tuple[Place, StrangeRecord]] = []
    for topic in (EVENT_TOPIC, DEAD_LETTER_TOPIC):
        strange = [record for record in TABLE if record.topic == topic]
        values: list[bytes | None] = [Neighbour(0).on(topic)]
        for number, record in enumerate(strange, start=1):
            values += [record.value, Neighbour(number).on(topic)]
        places = spark.land(topic, values)
        found += zip(places[1::2], strange, strict=True)
        if topic == EVENT_TOPIC:
            spark.assert_neighbours(range(len(strange) + 1))
    spark.assert_landed(found)
    good_letters = feeder.rows("SELECT count(*) FROM ops.dead_letter WHERE symbol = 'GOOD'")
    assert good_letters == [(sum(record.topic == DEAD_LETTER_TOPIC for record in TABLE) + 1,)]
    assert_conserved(database)
