"""The producer among failing parts: kills, freezes, outages, refusals. Real processes, broker and database."""

import re
import signal
import time
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from tests.ingest.producer_rig import Producer, ProducerRig
from tests.ingest.test_producer_day import published_trades, shown_trades
from tests.simulator.simulator_client import DAY, DAY_START

from marketpulse.events.codec import decode_dead_letter
from marketpulse.settings import DEAD_LETTER_TOPIC
from marketpulse.store.lease import acquire
from marketpulse.store.postgres import connect

pytestmark = pytest.mark.integration

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"

# Market time stands still here: three endpoints are read, then the producer waits.
OPEN = f"{DAY}T15:00:00Z"

# NULL where no such session is seen: that is no answer.
TRANSACTION_OPEN = (
    "SELECT bool_or(xact_start IS NOT NULL) FROM pg_stat_activity"
    " WHERE application_name IN ('marketpulse producer', 'marketpulse lease')"
)


def polled(rig: ProducerRig, producer: Producer) -> None:
    rig.wait_for(lambda: rig.rows("SELECT 1 FROM ops.poll WHERE outcome = 'ok' LIMIT 1"), timeout_s=120)
    rig.wait_for(lambda: any(line.events for line in producer.progress()))


def freeze_between_commits(rig: ProducerRig, producer: Producer) -> None:
    """Stops the process where it has no transaction open: one past its fence may still commit, the row is its own."""

    def is_frozen() -> bool:
        producer.signal(signal.SIGSTOP)
        time.sleep(0.5)
        with psycopg.connect(rig.database.superuser_dsn) as connection:
            is_open = connection.execute(TRANSACTION_OPEN).fetchone()
        if is_open == (False,):
            return True
        producer.signal(signal.SIGCONT)
        return False

    rig.wait_for(is_frozen)


def test_killed_in_the_middle_the_next_one_goes_on_at_once(rig: ProducerRig) -> None:
    # Slow enough for a busy machine: the day must not pass `OPEN` before it is stopped there.
    rig.play(DAY_START, 100)
    for _ in range(3):
        victim = rig.produce("--until", OPEN)
        polls = len(rig.rows("SELECT 1 FROM ops.poll"))
        rig.wait_for(lambda: len(rig.rows("SELECT 1 FROM ops.poll")) > polls + 1, 120)  # noqa: B023
        victim.signal(signal.SIGKILL)
        victim.wait()
    rig.stand(OPEN)
    last = rig.produce("--until", OPEN)
    assert last.wait() == 0, last.words

    events = rig.broker.events_since(rig.mark)
    assert published_trades(events) == {(symbol, key): action for symbol, key, action in shown_trades(rig, end=OPEN)}
    # What the polls say was acknowledged is on the topic, without a hole, for each of the four.
    numbers: dict[tuple[str, str], list[int]] = {}
    for partition, event in events:
        numbers.setdefault((event.producer_id, f"stock_analysis/{partition}"), []).append(event.producer_seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())
    acknowledged = rig.rows(
        "SELECT producer_id, spot.key, max(spot.value::bigint) FROM ops.poll,"
        " jsonb_each_text(highest_seq) AS spot WHERE spot.key LIKE 'stock_analysis/%%' GROUP BY 1, 2"
    )
    assert acknowledged
    assert all(seq <= len(numbers[producer_id, place]) for producer_id, place, seq in acknowledged)


def test_frozen_for_longer_than_its_lease_it_ends_without_moving_a_cursor(rig: ProducerRig) -> None:
    rig.play(DAY_START, 600)
    frozen = rig.produce()
    polled(rig, frozen)
    freeze_between_commits(rig, frozen)
    before = rig.cursors()
    time.sleep(3.5)
    frozen.signal(signal.SIGCONT)
    assert frozen.wait(20) == 4, frozen.words
    assert rig.cursors() == before
    assert "lease" in frozen.last_words


def test_frozen_one_is_replaced_and_fenced(rig: ProducerRig) -> None:
    rig.play(DAY_START, 600)
    frozen = rig.produce()
    polled(rig, frozen)
    frozen.signal(signal.SIGSTOP)
    time.sleep(4)
    second = rig.produce()
    polled(rig, second)
    frozen.signal(signal.SIGCONT)
    assert frozen.wait(20) == 4, frozen.words
    assert second.process.poll() is None
    (holder,) = rig.rows("SELECT holder FROM ops.lease")
    assert second.progress()[0].producer_id in holder[0]


def test_second_producer_names_the_first_and_ends(rig: ProducerRig) -> None:
    rig.stand(OPEN)
    with connect(rig.database.operations_dsn, application_name="test") as connection:
        acquire(connection, "producer", "elsewhere:17:p-first", 60)
    second = rig.produce()
    assert second.wait(30) == 3
    assert "elsewhere:17:p-first" in second.last_words


def test_stopped_by_sigterm_it_drains_in_time(rig: ProducerRig) -> None:
    rig.play(DAY_START, 600)
    producer = rig.produce()
    polled(rig, producer)
    started_s = time.monotonic()
    producer.signal(signal.SIGTERM)
    assert producer.wait(10) == 143
    assert time.monotonic() - started_s < 4
    assert rig.rows("SELECT count(*) FROM ops.lease") == [(0,)]
    assert rig.rows("SELECT outcome FROM ops.producer_run") == [("stopped",)]
    events = rig.broker.events_since(rig.mark)
    assert rig.rows("SELECT sum(events) FROM ops.poll") == [(len(events),)]
    assert producer.progress()[-1].outcome == "stopped"


def test_postgres_away_for_longer_than_the_lease(rig: ProducerRig) -> None:
    rig.play(DAY_START, 600)
    producer = rig.produce("--until", OPEN)
    polled(rig, producer)
    rig.database.server.kill()
    time.sleep(5)
    assert producer.process.poll() is None, producer.words
    rig.database.server.start()
    before = rig.rows("SELECT max(poll_id) FROM ops.poll")
    rig.wait_for(lambda: rig.rows("SELECT max(poll_id) FROM ops.poll WHERE outcome = 'ok'") > before, 30)
    assert any(line.waiting == "postgres" for line in producer.progress())
    rig.stand(OPEN)
    assert producer.wait() == 0, producer.words
    events = rig.broker.events_since(rig.mark)
    assert rig.rows("SELECT sum(events) FROM ops.poll") == [(len(events),)]
    assert published_trades(events) == {(symbol, key): action for symbol, key, action in shown_trades(rig, end=OPEN)}


def test_kafka_killed_in_the_middle_loses_nothing(rig: ProducerRig) -> None:
    rig.play(DAY_START, 600)
    producer = rig.produce("--until", OPEN)
    polled(rig, producer)
    rig.broker.kill()
    time.sleep(4)
    before = rig.cursors()
    time.sleep(1)
    assert rig.cursors() == before
    assert producer.process.poll() is None, producer.words
    rig.broker.start()
    rig.stand(OPEN)
    assert producer.wait() == 0, producer.words
    assert any(line.waiting == "kafka" for line in producer.progress())
    events = rig.broker.events_since(rig.mark)
    assert published_trades(events) == {(symbol, key): action for symbol, key, action in shown_trades(rig, end=OPEN)}
    numbers: dict[int, list[int]] = {}
    for partition, event in events:
        numbers.setdefault(partition, []).append(event.producer_seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())


def test_provider_down_slow_and_truncated_is_recorded_and_survived(rig: ProducerRig) -> None:
    rig.stand(OPEN)
    rig.fault(name="outage", endpoint="bars", count=4)
    rig.fault(name="truncate_body", endpoint="trades", count=3, full_length=False)
    rig.fault(name="latency", endpoint="trades", count=1, delay_s=3)
    producer = rig.produce("--until", OPEN, MARKETPULSE_REQUEST_DEADLINE_S="2")
    assert producer.wait(60) == 0, producer.words
    outcomes = rig.rows(
        "SELECT endpoint, outcome, covered_until IS NULL FROM ops.poll WHERE endpoint <> 'snapshots' ORDER BY poll_id"
    )
    assert ("trades", "malformed", True) in outcomes
    assert ("bars", "transient", True) in outcomes
    assert {next_at for _, _, next_at in rig.cursors()} == {datetime.fromisoformat(OPEN)}
    trades = published_trades(rig.broker.events_since(rig.mark))
    assert trades == {(symbol, key): action for symbol, key, action in shown_trades(rig, end=OPEN)}


def test_unreadable_answer_longer_than_the_topic_takes_does_not_end_the_run(rig: ProducerRig) -> None:
    rig.stand(OPEN)
    letters = rig.broker.mark(DEAD_LETTER_TOPIC)
    rig.fault(name="truncate_body", endpoint="trades", count=2, full_length=False)
    producer = rig.produce("--until", OPEN, MARKETPULSE_KAFKA_MAX_MESSAGE_BYTES="8192")
    assert producer.wait(60) == 0, producer.words
    reasons = [decode_dead_letter(value).reason for _, value in rig.broker.values_since(letters)]
    assert "unreadable_answer" in reasons


def test_long_outage_writes_few_rows_and_no_dead_letter(rig: ProducerRig) -> None:
    rig.stand(OPEN)
    letters = rig.broker.mark(DEAD_LETTER_TOPIC)
    rig.fault(name="outage")
    producer = rig.produce(MARKETPULSE_POLL_INTERVAL_S="0.05")
    rig.wait_for(lambda: any(line.polls >= 9 for line in producer.progress()))
    assert len(rig.rows("SELECT 1 FROM ops.poll")) <= 3
    assert rig.cursors() == []
    assert producer.words.count("transient") <= 3
    producer.signal(signal.SIGTERM)
    assert producer.wait(10) == 143
    assert rig.broker.values_since(letters) == []


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        ((), {"API_KEY": "bad-key", "API_SECRET": "s"}, "refuses the API key"),
        ((), {"API_KEY": ""}, "no API key"),
        ((), {"API_KEY": "free-key"}, "plan does not include"),
        (("--provider", "nobody"), {}, "unknown provider 'nobody'"),
        (("--symbols", "lower case!"), {}, "LOWER CASE!"),
        (("--symbols", "NOPE"), {}, "NOPE"),
        (("--session", "2026-11-26"), {}, "no trading day"),
        ((), {"MARKETPULSE_OPERATIONS_DSN": ""}, "Postgres"),
    ],
)
def test_what_a_person_must_correct_is_one_line_and_status_2(
    rig: ProducerRig, arguments: tuple[str, ...], changes: dict[str, str], words: str
) -> None:
    rig.stand(OPEN)
    producer = rig.produce(*arguments, **changes)
    assert producer.wait(60) == 2, producer.words
    assert words in producer.last_words
    assert "Traceback" not in producer.words
    assert "secret-of-the-test" not in producer.words
    # A refusal is not tried again. (A free key may read what is older than 15 minutes first.)
    assert len(rig.rows("SELECT 1 FROM ops.poll WHERE outcome NOT IN ('ok', 'empty')")) <= 3


@pytest.mark.parametrize(
    "changes",
    [
        {"MARKETPULSE_KAFKA_BOOTSTRAP": "127.0.0.1:1"},
        {"MARKETPULSE_OPERATIONS_DSN": "postgresql://someone:hidden-word@127.0.0.1:1/marketpulse"},
        {"MARKETPULSE_MARKET_CLOCK": "http://127.0.0.1:1"},
    ],
)
def test_nothing_there_at_the_start_is_one_line_and_status_75(rig: ProducerRig, changes: dict[str, str]) -> None:
    producer = rig.produce(**changes)
    assert producer.wait(60) == 75, producer.words
    assert re.search(r"127\.0\.0\.1:1\b.*\bdoes not answer", producer.last_words)
    assert "hidden-word" not in producer.words


def test_bad_symbol_is_left_out_and_the_others_go_on(rig: ProducerRig) -> None:
    rig.stand(OPEN)
    producer = rig.produce("--symbols", "AAPL,not-one", "--until", OPEN)
    assert producer.wait(60) == 0, producer.words
    assert {symbol for _, symbol, _ in rig.cursors()} == {"AAPL"}
    assert rig.rows("SELECT DISTINCT symbols FROM ops.poll WHERE outcome = 'bad_symbol'") == [(["NOT-ONE"],)]


@pytest.mark.parametrize("market_at", [f"{DAY}T07:00:00Z", DAY_START, OPEN])
def test_unknown_symbols_beside_known_ones_are_refused_before_the_first_poll(rig: ProducerRig, market_at: str) -> None:
    rig.stand(market_at)
    producer = rig.produce("--symbols", "AAPL,NOPE,ZTHN,TYPO")
    assert producer.wait(60) == 2, producer.words
    assert "does not know NOPE, TYPO: correct MARKETPULSE_SYMBOLS" in producer.last_words
    assert "AAPL" not in producer.last_words
    assert rig.rows("SELECT count(*) FROM ops.poll") == [(0,)]
    assert rig.rows("SELECT count(*) FROM market.subscription") == [(0,)]


def test_known_symbol_that_has_never_traded_is_polled(rig: ProducerRig) -> None:
    market_at = "2013-10-07T08:00:00Z"
    body = {"path": str(TAPE), "symbol": "BAC", "timezone": "America/New_York"}
    assert rig.simulator.control("POST", "/tape", body).status_code == 200
    rig.stand(market_at)
    arguments = ("--session", "2013-10-07", "--symbols", "BAC", "--feed", "tape")
    producer = rig.run("produce", *arguments)
    rig.wait_for(lambda: rig.rows("SELECT 1 FROM ops.poll WHERE outcome = 'empty'"))
    rig.stand("2013-10-07T08:30:00Z")
    rig.wait_for(lambda: rig.rows("SELECT 1 FROM ops.poll WHERE endpoint = 'trades' AND outcome = 'ok'"))
    producer.signal(signal.SIGTERM)
    assert producer.wait(10) == 143, producer.words


def test_clock_set_back_reads_the_session_again(rig: ProducerRig) -> None:
    later = f"{DAY}T15:50:00Z"
    rig.stand(later)
    assert rig.produce("--until", later).wait() == 0
    events = len(rig.broker.events_since(rig.mark))
    rig.stand(OPEN)
    producer = rig.produce("--until", OPEN)
    assert producer.wait() == 0, producer.words
    assert {next_at for _, _, next_at in rig.cursors()} == {datetime.fromisoformat(OPEN)}
    assert len(rig.broker.events_since(rig.mark)) > events
