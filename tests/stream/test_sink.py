"""The sink's promises about failure: exactly once, fenced, no gap, and poison never taken for an outage."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
import pyarrow as pa
import pytest
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, dead_letter, trade

from marketpulse.errors import FencedError, GapError, OperatorError, RetriableError
from marketpulse.events.codec import encode
from marketpulse.settings import EVENT_TOPIC, STREAM
from marketpulse.stream import landing
from marketpulse.stream.fence import end_sessions
from marketpulse.stream.record import Records
from marketpulse.stream.sink import SinkPlan, land_partition, session_name
from marketpulse.stream.statements import sql

REASONS = "SELECT kafka_offset, reason FROM ops.dead_letter ORDER BY kafka_offset"
LATER = RECEIVED + timedelta(seconds=1)


def test_a_redelivered_batch_adds_nothing(feeder: Feeder) -> None:
    records = feeder.records(trade(1), trade(2), b"junk")
    sink = feeder.sink()
    sink.land(records)
    assert sink.land(records).batch_id is None
    assert feeder.rows("SELECT count(*) FROM ops.stream_batch") == [(1,)]


def test_an_overlapping_batch_lands_only_what_is_new(feeder: Feeder) -> None:
    records = feeder.records(trade(1), trade(2), trade(3), b"junk")
    sink = feeder.sink()
    sink.land(records[:2])
    receipt = sink.land(records)
    assert receipt.accounts.total.records == 2
    assert feeder.rows("SELECT first_offset, last_offset FROM ops.stream_batch ORDER BY 1") == [(0, 1), (2, 3)]


def test_a_gap_stops_the_sink(feeder: Feeder) -> None:
    records = feeder.records(trade(1), trade(2), trade(3))
    sink = feeder.sink()
    sink.land(records[:1])
    with pytest.raises(GapError, match=r"gap in stock_analysis/0: expected offset 1, found 2"):
        sink.land(records[2:])
    with pytest.raises(GapError, match="expected offset 1, found 2"):
        sink.land(Records.of([*records.at([0]), *records.at([2])]))
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(1,)]


def test_an_older_run_commits_nothing(feeder: Feeder) -> None:
    records = feeder.records(trade(1))
    old = feeder.sink(epoch=1)
    feeder.execute("UPDATE ops.stream_run SET epoch = 2")
    with pytest.raises(FencedError, match="run 2 of stock_stream"):
        old.land(records)
    assert feeder.rows("SELECT * FROM market.event") == []
    assert feeder.sink(epoch=2).land(records).accounts.total.landed == 1


def test_a_partition_without_a_ledger_row_needs_a_person(feeder: Feeder) -> None:
    records = feeder.records(trade(1))
    feeder.execute("DELETE FROM ops.stream_ledger")
    with pytest.raises(OperatorError, match=r"not in ops\.stream_ledger"):
        feeder.sink().land(records)


def test_a_crash_between_copy_and_commit_leaves_nothing(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    records = feeder.records(trade(1), trade(2))
    keep_books = landing._Batch._keep_books

    def crash(*arguments: object) -> None:
        monkeypatch.setattr(landing._Batch, "_keep_books", keep_books)
        raise KeyboardInterrupt

    monkeypatch.setattr(landing._Batch, "_keep_books", crash)
    sink = feeder.sink()
    with pytest.raises(KeyboardInterrupt):
        sink.land(records)
    assert feeder.rows("SELECT count(*) FROM market.event") == [(0,)]
    assert feeder.rows("SELECT count(*) FROM ops.dirty_day") == [(0,)]
    assert sink.land(records).accounts.total.landed == 2
    assert feeder.rows("SELECT count(*) FROM market.event") == [(2,)]


def test_a_session_that_was_ended_is_opened_again(feeder: Feeder) -> None:
    sink = feeder.sink()
    sink.land(feeder.records(trade(1)))
    with psycopg.connect(feeder.writer_dsn, autocommit=True) as connection:
        end_sessions(connection, STREAM)
    assert sink.land(feeder.records(trade(2))).accounts.total.landed == 1


def test_a_driver_that_was_frozen_leaves_the_sessions_of_its_successor_alone(feeder: Feeder) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    sink = feeder.sink()
    sink.land(feeder.records(trade(1)))
    with psycopg.connect(feeder.writer_dsn, autocommit=True) as connection:
        end_sessions(connection, STREAM, up_to=0)
        assert feeder.rows(query, session_name(STREAM, 1)) == [(1,)]
        end_sessions(connection, STREAM, up_to=1)
    assert sink.land(feeder.records(trade(2))).accounts.total.landed == 1


def test_an_outage_keeps_the_offset(feeder: Feeder) -> None:
    records = feeder.records(trade(1))
    sink = feeder.sink()
    sink.land(records)
    more = feeder.records(trade(2))
    feeder.writer_dsn = "postgresql://marketpulse_writer:x@127.0.0.1:1/marketpulse"
    with pytest.raises(RetriableError, match=r"Postgres at 127\.0\.0\.1:1 does not answer"):
        feeder.sink().land(more)
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(1,)]
    assert feeder.rows(REASONS) == []


@pytest.mark.parametrize(
    "sqlstate",
    [
        "53100",  # disk full
        "53200",  # out of memory
        "53300",  # too many connections
        "53400",  # a limit of the configuration
        "55P03",  # a lock that is not available
        "40P01",  # deadlock
        "40001",  # could not serialise
        "57014",  # cancelled
        "57P01",  # shut down by an administrator
        "57P02",  # shut down after a crash
        "58030",  # I/O error
        "25006",  # read-only after a failover
        "XX001",  # a damaged page
        "42501",  # a right was taken away
    ],
)
def test_an_outage_in_the_middle_of_a_batch_makes_no_dead_letter(feeder: Feeder, sqlstate: str) -> None:
    """Also not of the poison beside it: nothing lands, and afterwards everything does."""
    records = feeder.records(trade(1), b"junk", trade(2))
    feeder.execute(
        "CREATE FUNCTION market.fail() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '{sqlstate}'; END $$"
    )
    feeder.execute("CREATE TRIGGER fail BEFORE INSERT ON ops.stream_batch EXECUTE FUNCTION market.fail()")
    try:
        with pytest.raises((RetriableError, psycopg.Error)):
            feeder.sink().land(records)
    finally:
        feeder.execute("DROP FUNCTION market.fail CASCADE")
    assert feeder.rows(REASONS) == []
    assert feeder.rows("SELECT count(*) FROM market.event") == [(0,)]
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(0,)]
    total = feeder.sink().land(records).accounts.total
    assert (total.landed, total.dead_lettered) == (2, 1)


def wire(**changes: object) -> bytes:
    record = msgspec.json.decode(encode(trade(1)))
    record.update(changes)
    return msgspec.json.encode(record)


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[1]", "not_json"),
        (b'{"schema_version": 1}', "schema"),
        (None, "not_json"),
        (wire(price="NaN"), "number"),
        (wire(price="-1"), "number"),
        (wire(price=10.5), "number"),
        (wire(price="1234567890123"), "number"),
        (wire(price="1.0000001"), "number"),
        (wire(entity_id="x"), "identity"),
        (wire(event_at="2025-03-14T13:30:00.000000001Z"), "time"),
        (wire(size="900000000000000000"), "unstorable"),
        (wire(producer_seq=2**70), None),
        (wire(delay_s=2**40), None),
        (wire(symbol="A" * 4000), None),
        (wire(exchange="a\x00b"), None),
        (wire(extra={"/x": "a\x00b"}), None),
        (encode(trade(1)).replace(b'"exchange":"V"', b'"exchange":"\\ud800"'), None),
    ],
)
def test_poison_becomes_a_dead_letter_and_the_rest_lands(feeder: Feeder, poison: bytes | None, reason: str) -> None:
    receipt = feeder.land(trade(7), poison, trade(8))
    assert (receipt.accounts.total.landed, receipt.accounts.total.dead_lettered) == (2, 1)
    [(offset, found)] = feeder.rows(REASONS)
    assert offset == 1
    assert reason in (None, found)
    assert feeder.rows("SELECT body FROM ops.dead_letter") == [(poison or b"",)]
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(3,)]


def test_a_market_clock_set_back_condemns_no_event_of_today(feeder: Feeder) -> None:
    """A demo plays a day of the past while live events are still queued."""
    feeder.clock.at = OPEN - timedelta(days=4000)
    receipt = feeder.land(
        trade(1), trade(2, trading_date=DAY + timedelta(days=2)), trade(3, trading_date=DAY + timedelta(days=3))
    )
    assert (receipt.accounts.total.landed, receipt.accounts.total.dead_lettered) == (2, 1)
    assert feeder.rows(REASONS) == [(2, "trading_date_out_of_range")]


def test_a_record_that_only_postgres_refuses_is_found_alone(feeder: Feeder) -> None:
    feeder.execute("ALTER TABLE market.event ADD CONSTRAINT odd CHECK (trade_id NOT IN ('13', '29'))")
    try:
        receipt = feeder.land(*(trade(n, at=OPEN + timedelta(seconds=n)) for n in range(40)))
    finally:
        feeder.execute("ALTER TABLE market.event DROP CONSTRAINT odd")
    assert (receipt.accounts.total.landed, receipt.accounts.total.dead_lettered) == (38, 2)
    assert feeder.rows(REASONS) == [(13, "unstorable"), (29, "unstorable")]
    assert feeder.rows("SELECT sum(trade_count) FROM market.bar_1m") == [(38,)]


def test_a_fault_of_ours_is_no_poison(feeder: Feeder) -> None:
    records = feeder.records(trade(1), trade(2))
    feeder.execute("ALTER TABLE ops.dirty_day RENAME TO mislaid")
    try:
        with pytest.raises(psycopg.errors.UndefinedTable):
            feeder.sink().land(records)
    finally:
        feeder.execute("ALTER TABLE ops.mislaid RENAME TO dirty_day")
    assert feeder.rows(REASONS) == []
    assert feeder.rows("SELECT next_offset FROM ops.stream_ledger") == [(0,)]


@pytest.mark.parametrize(("days", "dead"), [(2, False), (3, True)])
def test_only_dates_near_the_market_land(feeder: Feeder, days: int, dead: bool) -> None:
    day = DAY + timedelta(days=days)
    feeder.land(trade(1, trading_date=day, at=OPEN + timedelta(days=days)))
    assert feeder.rows(REASONS) == ([(0, "trading_date_out_of_range")] if dead else [])


def test_events_before_1990_are_dead_letters(feeder: Feeder) -> None:
    long_ago = OPEN.replace(year=1989)
    feeder.land(trade(1, trading_date=long_ago.date(), at=long_ago))
    assert feeder.rows(REASONS) == [(0, "trading_date_out_of_range")]


def test_events_of_a_sealed_day_are_dead_letters(feeder: Feeder) -> None:
    old = date(2001, 1, 3)
    feeder.execute("INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES (%s, 1, 0)", old)
    at = OPEN.replace(year=2001, month=1, day=3)
    receipt = feeder.land(trade(1, trading_date=old, at=at), trade(2))
    assert (receipt.accounts.total.landed, receipt.accounts.total.dead_lettered) == (1, 1)
    assert feeder.rows(REASONS) == [(0, "sealed_day")]


def test_a_partition_dropped_behind_our_back_is_made_again(feeder: Feeder) -> None:
    day = date(2002, 1, 3)
    at = OPEN.replace(year=2002, month=1, day=3)
    feeder.land(trade(1, trading_date=day, at=at))
    feeder.execute("DROP TABLE market.event_20020103")
    assert feeder.land(trade(2, trading_date=day, at=at)).accounts.total.landed == 1
    assert feeder.rows(REASONS) == []


def test_dead_letters_of_the_producer_land_once(feeder: Feeder) -> None:
    receipt = feeder.land_dead_letters(dead_letter(), dead_letter(producer_seq=2), dead_letter("other"), b"junk")
    total = receipt.accounts.total
    assert (total.dead_lettered, total.duplicate) == (3, 1)
    again = feeder.land_dead_letters(dead_letter(producer_seq=9))
    assert again.accounts.total.duplicate == 1
    assert feeder.rows("SELECT reason, body, symbol FROM ops.dead_letter WHERE kafka_offset = 0") == [
        ("number", b'{"p":null}', "AAA")
    ]


def test_two_partitions_with_the_same_symbol_never_race(feeder: Feeder) -> None:
    """Both carry versions of the same trades at the same time: each fact has one current version, no deadlock."""
    symbols = ("AAA", "BBB", "CCC")
    batches: dict[int, list[Records]] = {0: [], 1: []}
    for round_ in range(8):
        for partition in batches:
            order = symbols if partition else symbols[::-1]
            items = [
                trade(
                    n,
                    symbol=symbol,
                    price=str(10 + partition),
                    action="correct" if (n + round_) % 2 else "new",
                    at=OPEN + timedelta(seconds=n),
                    received_at=RECEIVED + timedelta(seconds=round_, milliseconds=partition),
                )
                for symbol in order
                for n in range(round_, round_ + 6)
            ]
            batches[partition].append(feeder.records(*items, partition=partition))
    failures: list[BaseException] = []

    def run(partition: int) -> None:
        sink = feeder.sink()
        try:
            for records in batches[partition]:
                sink.land(records)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(partition,)) for partition in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    [(events,)] = feeder.rows("SELECT count(*) FROM market.event")
    assert feeder.rows("SELECT sum(trade_count), sum(volume) FROM market.bar_1m") == [(events, Decimal(100 * events))]
    assert feeder.rows(
        "SELECT sum(landed), sum(superseding), sum(records) = sum(landed + duplicate + superseding)"
        " FROM ops.stream_batch"
    ) == [(events, feeder.rows("SELECT count(*) FROM market.event_superseded")[0][0], True)]


def test_spark_s_batches_are_landed_by_the_task(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    records = feeder.records(trade(1), trade(2), trade(3))
    columns: dict[str, pa.Array[Any]] = {
        "topic": pa.array([EVENT_TOPIC] * 3),
        "partition": pa.array([0] * 3, pa.int32()),
        **{name: records.table.column(name).combine_chunks() for name in ("offset", "timestamp", "value")},
    }
    whole = pa.RecordBatch.from_pydict(columns)
    plan = SinkPlan(STREAM, 1, feeder.writer_dsn, "host", 60.0)
    assert list(land_partition(plan, iter([whole.slice(0, 2), whole.slice(2)]))) == []
    assert feeder.rows("SELECT records FROM ops.stream_batch") == [(3,)]
    assert feeder.rows("SELECT last_record_at FROM ops.stream_ledger") == [(RECEIVED,)]
    assert list(land_partition(SinkPlan(STREAM, 1, feeder.writer_dsn, "host", 61.0), iter([]))) == []


def test_two_sinks_may_need_the_same_new_day_at_once(feeder: Feeder) -> None:
    days = [date(2003, 3, day) for day in range(1, 9)]
    with psycopg.connect(feeder.owner_dsn) as connection:
        for day in days:
            connection.execute(f"DROP TABLE IF EXISTS market.event_{day:%Y%m%d}")
    failures: list[BaseException] = []
    barrier = threading.Barrier(4)

    def ensure() -> None:
        try:
            with psycopg.connect(feeder.writer_dsn) as connection:
                for day in days:
                    barrier.wait(30)
                    connection.execute(sql("ensure_partitions"), {"dates": [day]})
                    connection.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
