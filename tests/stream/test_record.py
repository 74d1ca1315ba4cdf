"""Records as columns."""

from datetime import timedelta

import pyarrow as pa
from tests.stream.sink_records import RECEIVED

from marketpulse.stream.record import Record, Records, partitions_of

RECORDS = [Record("stock_analysis", 1, 5 + n, RECEIVED + timedelta(seconds=n % 3), b"%d" % n) for n in range(6)]


def test_records_come_out_as_they_went_in() -> None:
    columns = Records.of(RECORDS)
    assert columns.at(range(6)) == RECORDS
    assert columns[2:4].at([1, 0]) == [RECORDS[3], RECORDS[2]]
    assert columns.since(9).at([0, 1]) == RECORDS[4:]
    assert len(columns.since(99)) == 0
    assert columns.newest() == RECEIVED + timedelta(seconds=2)


def test_spark_s_batches_are_sorted_by_partition() -> None:
    def batch(places: list[tuple[str, int, int]]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pydict(
            {
                "topic": pa.array([topic for topic, _, _ in places]),
                "partition": pa.array([partition for _, partition, _ in places], pa.int32()),
                "offset": pa.array([offset for _, _, offset in places], pa.int64()),
                "timestamp": pa.array([RECEIVED for _ in places], pa.timestamp("us", tz="UTC")),
                "value": pa.array([None if offset == 3 else b"x" for _, _, offset in places], pa.binary()),
            }
        )

    found = partitions_of([batch([("a", 0, 1), ("a", 1, 1), ("b", 0, 1)]), batch([("a", 0, 2), ("a", 0, 3)])])
    assert {(part.topic, part.partition): part.offsets.tolist() for part in found} == {
        ("a", 0): [1, 2, 3],
        ("a", 1): [1],
        ("b", 0): [1],
    }
    assert [record.value for part in found for record in part.at(range(len(part)))].count(None) == 1
    assert partitions_of([]) == []
