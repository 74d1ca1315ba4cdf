"""A contender that loses, doubles or changes a row gets no number, and the benchmark says so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.stream.sink_records import Feeder, FixedClock

from backlog.gate import OURS, PLAIN, create_tables, empty, fingerprint, load_file, produced
from backlog.journal import Journal
from backlog.report import as_markdown
from backlog.run import Figures
from backlog.trades import DAY, Backlog, Message, messages
from marketpulse.events.codec import decode_event

BACKLOG = Backlog(rows=3_000, symbols=40, partitions=1)
COMPONENTS = {"broker": 1.0, "postgres": 2.0, "jvm": 3.0, "python": 4.0}
SETUP = {"rows": 3_000, "partitions": 1}
ROUNDS = (Figures(3_000, 1.0, 2_000, 0.5, COMPONENTS), Figures(3_000, 2.0, 2_000, 1.0, COMPONENTS))


@pytest.fixture(scope="module")
def published() -> list[Message]:
    return list(messages(BACKLOG))


@pytest.fixture
def rows_file(published: list[Message], tmp_path: Path) -> Path:
    path = tmp_path / "rows.copy"
    path.write_bytes(b"".join(message.line for message in published))
    return path


@pytest.fixture
def bench_schema(database: Database) -> Iterator[Database]:
    create_tables(database.owner_dsn)
    yield database
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DROP SCHEMA bench CASCADE")


def test_the_records_are_what_the_producer_writes_and_the_same_every_time(published: list[Message]) -> None:
    assert [message.value for message in published] == [message.value for message in messages(BACKLOG)]
    events = [decode_event(message.value) for message in published]
    assert [event.producer_seq for event in events] == list(range(1, len(published) + 1))
    assert {event.trading_date for event in events} == {DAY}


FAULTS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "loses a row": lambda lines: lines[:-1],
    "doubles a row": lambda lines: [*lines, lines[0]],
    "doubles one and loses another": lambda lines: [*lines[:-1], lines[0]],
    "changes a symbol": lambda lines: [lines[0].replace(b"\tS0", b"\tT0"), *lines[1:]],
    "changes a size": lambda lines: [lines[0].replace(b"\tUSD\t", b"\tUSD\t1"), *lines[1:]],
    "swaps two ids": lambda lines: [*_swapped(lines[0], lines[1]), *lines[2:]],
}


def _swapped(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    left, right = one.split(b"\t"), other.split(b"\t")
    left[3], right[3] = right[3], left[3]
    return b"\t".join(left), b"\t".join(right)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_contender_that_does_not_keep_every_row_gets_no_number(
    bench_schema: Database, rows_file: Path, fault: Callable[[list[bytes]], list[bytes]], tmp_path: Path
) -> None:
    owner = bench_schema.owner_dsn
    wanted = produced(owner, rows_file)
    load_file(owner, rows_file)
    assert wanted.difference(fingerprint(owner, PLAIN)) is None
    empty(owner)
    faulty = rows_file.with_suffix(".faulty")
    faulty.write_bytes(b"".join(fault(rows_file.read_bytes().splitlines(keepends=True))))
    load_file(owner, faulty)
    difference = wanted.difference(fingerprint(owner, PLAIN))
    assert difference is not None
    journal = Journal.open(tmp_path / "runs.jsonl", SETUP)
    for number, found in enumerate(ROUNDS):
        journal.add("ours", number, found)
        journal.add("theirs", number, found)
    assert "| theirs | 2,250 |" in as_markdown(journal, "ours")
    journal.add("theirs", 2, difference)
    assert "| theirs | no number |" in as_markdown(journal, "ours")


def test_what_the_sink_lands_passes_the_gate(bench_schema: Database, published: list[Message], rows_file: Path) -> None:
    wanted = produced(bench_schema.owner_dsn, rows_file)
    with psycopg.connect(bench_schema.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_run (stream, epoch, run_id, host, pid, started_at, seen_at)"
            " VALUES ('stock_stream', 1, gen_random_uuid(), 'here', 1, now(), now())"
        )
    clock = FixedClock(decode_event(published[-1].value).received_at)
    feeder = Feeder(bench_schema.owner_dsn, bench_schema.writer_dsn, clock, clock)
    sink = feeder.sink()
    for start in range(0, len(published), 1_000):
        sink.land(feeder.records(*(message.value for message in published[start : start + 1_000])))
    assert wanted.difference(fingerprint(bench_schema.owner_dsn, OURS)) is None
    sink.land(feeder.records(published[0].value))
    assert wanted.difference(fingerprint(bench_schema.owner_dsn, OURS)) is None
    with psycopg.connect(bench_schema.owner_dsn) as connection:
        connection.execute("UPDATE market.event SET price = price + 0.000001 WHERE kafka_offset = 7")
    feeder.close()
    assert wanted.difference(fingerprint(bench_schema.owner_dsn, OURS)) is not None


def test_a_benchmark_that_was_cut_off_goes_on_with_what_it_had(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    journal = Journal.open(path, SETUP)
    journal.add("ours", 1, ROUNDS[0])
    journal.add("theirs", 1, ROUNDS[1])
    journal.add("others", 1, "2 rows instead of 3")
    found = Journal.open(path, SETUP)
    assert as_markdown(found, "ours") == as_markdown(journal, "ours")
    assert "| theirs | 1,500 | 2,000 | 2.00 (2.00–2.00) |" in as_markdown(found, "ours")
    needed = {name: [found.needs(name, number) for number in (1, 2)] for name in ("ours", "others", "new")}
    assert needed == {"ours": [False, True], "others": [False, False], "new": [True, True]}
    # Runs of another size do not compare.
    assert not Journal.open(path, SETUP | {"rows": 4_000}).figures
