from dataclasses import replace
from datetime import date

import pytest

from marketpulse.monitor import checks
from marketpulse.monitor.checks import ProducerSeen, State, StreamSeen
from marketpulse.monitor.freshness import SymbolFreshness
from marketpulse.monitor.lag import PartitionLag

DAY = date(2026, 11, 20)
RUNNING = ProducerSeen("p-1", "XNYS", DAY, 600.0, None, "box:1:p-1", lease_is_live=True, renewed_age_s=2.0)
VANISHED = replace(RUNNING, lease_is_live=False, renewed_age_s=40.0)
ENDED = replace(RUNNING, holder=None, lease_is_live=False, ended_age_s=4000.0)
PARTITION = PartitionLag("stock_analysis", 0, 10, 10, 0, 0.0, 0, None, None)
SYMBOL = SymbolFreshness("BAC", "sip", DAY, None, None, None, 0.0)


@pytest.mark.parametrize(
    ("seen", "schedule", "open_for_s", "state"),
    [
        (RUNNING, "session", 600.0, "ok"),
        (VANISHED, "manual", None, "critical"),
        (replace(VANISHED, renewed_age_s=15.0), "manual", None, "warning"),
        # It ended well: the lease was given back.
        (ENDED, "manual", 600.0, "ok"),
        (None, "manual", 600.0, "ok"),
        # The market is open and nobody produces, but for the first minutes.
        (ENDED, "session", 600.0, "critical"),
        (None, "session", 600.0, "critical"),
        (None, "session", 60.0, "ok"),
        (None, "session", None, "ok"),
        (ENDED, "continuous", None, "critical"),
        (replace(ENDED, ended_age_s=20.0), "continuous", None, "ok"),
    ],
)
def test_the_producer_is_missed_only_when_one_is_due(
    seen: ProducerSeen | None, schedule: str, open_for_s: float | None, state: State
) -> None:
    assert checks.judge_producer(seen, schedule=schedule, open_for_s=open_for_s).state == state


@pytest.mark.parametrize(("age_s", "state"), [(4.0, "ok"), (60.0, "warning"), (150.0, "critical")])
def test_a_silent_stream_is_noticed(age_s: float, state: State) -> None:
    assert checks.judge_stream(StreamSeen(3, "box, process 7", age_s)).state == state


@pytest.mark.parametrize(
    ("lag", "state", "words"),
    [
        (PARTITION, "ok", "0 records wait"),
        (replace(PARTITION, lag_records=5, lag_seconds=2.0, drain_seconds=4.0), "ok", "drained in 4 s"),
        (replace(PARTITION, lag_records=5, lag_seconds=90.0), "warning", "the oldest for 90 s"),
        (replace(PARTITION, lag_records=5, lag_seconds=400.0), "critical", "the oldest for 400 s"),
        (replace(PARTITION, lag_records=5, lag_seconds=2.0, retention_hours_left=20.0), "warning", "in 20.0 h"),
        (replace(PARTITION, lag_records=5, lag_seconds=2.0, retention_hours_left=3.0), "critical", "in 3.0 h"),
        (replace(PARTITION, lost_records=2), "critical", "deleted 2 records"),
    ],
)
def test_lag_is_judged_by_its_age_and_by_what_retention_leaves(lag: PartitionLag, state: State, words: str) -> None:
    found = checks.judge_lag([PARTITION, lag])
    assert found.state == state
    assert words in found.summary


@pytest.mark.parametrize(
    ("seconds", "speed", "producing_for_s", "state"),
    [
        (30.0, 1.0, 600.0, "ok"),
        (90.0, 1.0, 600.0, "warning"),
        (400.0, 1.0, 600.0, "critical"),
        # At 1000 times the pace, 400 market seconds are less than half a second.
        (400.0, 1000.0, 600.0, "ok"),
        (400.0, 1.0, None, "ok"),
        # It has just begun, and catches up with the day.
        (4000.0, 1.0, 20.0, "ok"),
    ],
)
def test_what_was_not_asked_for_is_our_outage(
    seconds: float, speed: float, producing_for_s: float | None, state: State
) -> None:
    symbols = [SYMBOL, replace(SYMBOL, symbol="AAPL", uncovered_open_seconds=seconds)]
    assert checks.judge_coverage(symbols, producing_for_s=producing_for_s, speed=speed).state == state


@pytest.mark.parametrize(
    ("outcome", "age_s", "state"),
    [("ok", 0.5, "ok"), ("transient", 20.0, "ok"), ("transient", 90.0, "warning"), ("auth", 400.0, "critical")],
)
def test_the_provider_s_outage_counts_from_its_last_good_answer(outcome: str, age_s: float, state: State) -> None:
    assert checks.judge_provider(outcome, age_s, producing=True).state == state
    assert checks.judge_provider(outcome, age_s, producing=False).state == "ok"


@pytest.mark.parametrize(
    ("records", "dead", "state"),
    [(0, 0, "ok"), (10, 9, "ok"), (10_000, 50, "ok"), (1_000, 20, "warning"), (100, 30, "critical")],
)
def test_a_few_dead_letters_are_normal_and_a_share_of_them_is_not(records: int, dead: int, state: State) -> None:
    assert checks.judge_dead_letters(records, dead).state == state


@pytest.mark.parametrize(("free", "state"), [(0.5, "ok"), (0.08, "warning"), (0.02, "critical")])
def test_a_full_disk_is_announced(free: float, state: State) -> None:
    assert checks.judge_disk(free, "/").state == state
