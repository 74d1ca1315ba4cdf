"""What is asked next: cursors, overlap, spans, the sweep. No market time may ever be skipped."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.events.session import Session
from marketpulse.ingest.plan import ProducerPlan, plan_of
from marketpulse.ingest.session_run import LONGEST_SPAN, SessionRun
from marketpulse.settings import Settings

PRE_OPEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SESSION = Session(
    "XNYS",
    date(2026, 11, 20),
    PRE_OPEN,
    PRE_OPEN + timedelta(hours=5, minutes=30),
    PRE_OPEN + timedelta(hours=12),
    PRE_OPEN + timedelta(hours=16),
)
PLAN = ProducerPlan("alpaca", "sip", ("AAPL", "MSFT"), "XNYS")
MINUTE = timedelta(minutes=1)


def at(hours: float) -> datetime:
    return PRE_OPEN + timedelta(hours=hours)


def run(plan: ProducerPlan = PLAN) -> SessionRun:
    return SessionRun(plan, SESSION)


def test_nothing_is_asked_before_the_pre_market() -> None:
    assert run().polls("trades", PRE_OPEN - MINUTE) == ()
    assert not run().is_open(PRE_OPEN - MINUTE)


def test_first_poll_starts_at_the_sessions_start_and_ends_now() -> None:
    (query,) = run().polls("trades", at(1))
    assert (query.start, query.end, query.symbols) == (PRE_OPEN, at(1), ("AAPL", "MSFT"))


def test_next_poll_reads_the_overlap_again() -> None:
    position = run()
    (query,) = position.polls("trades", at(1))
    position.polled(query, query.symbols)
    (query,) = position.polls("trades", at(1.5))
    assert (query.start, query.end) == (at(1) - timedelta(minutes=15), at(1.5))


def test_symbols_that_are_equally_far_are_asked_together() -> None:
    position = run()
    position.load("trades", {"AAPL": at(2)})
    late, early = position.polls("trades", at(2.5))
    assert (late.symbols, late.start) == (("MSFT",), PRE_OPEN)
    assert (early.symbols, early.start) == (("AAPL",), at(2) - timedelta(minutes=15))


def test_bars_end_with_the_last_whole_minute() -> None:
    position = run()
    (query,) = position.polls("bars", at(1) + timedelta(seconds=59))
    assert query.end == at(1)
    position.polled(query, query.symbols)
    assert position.polls("bars", at(1) + timedelta(seconds=59.9)) == ()


def test_cursor_far_ahead_of_the_clock_starts_the_session_again() -> None:
    position = run()
    position.load("trades", {"AAPL": at(10), "MSFT": at(10)})
    (query,) = position.polls("trades", at(1))
    assert (query.start, query.end) == (PRE_OPEN, at(1))


def test_cursor_a_little_ahead_of_the_clock_reads_the_overlap() -> None:
    position = run()
    position.load("trades", {"AAPL": at(2), "MSFT": at(2)})
    (query,) = position.polls("trades", at(2) - MINUTE)
    assert (query.start, query.end) == (at(2) - timedelta(minutes=16), at(2) - MINUTE)


def test_until_ends_the_run_without_a_sweep() -> None:
    position = run(ProducerPlan("alpaca", "sip", ("AAPL",), "XNYS", until=at(1)))
    for endpoint in position.endpoints():
        (query,) = position.polls(endpoint, at(9))
        assert query.end == at(1)
        position.polled(query, query.symbols)
    assert position.is_read()


def test_sweep_covers_the_whole_session_once() -> None:
    position = run()
    pieces = []
    while queries := position.sweeps("trades"):
        pieces.append(queries[0])
        position.swept(queries[0])
    assert pieces[0].start == PRE_OPEN
    assert pieces[-1].end == SESSION.post_close_at
    assert all(one.end == following.start for one, following in pairwise(pieces))
    assert not position.is_swept()
    while queries := position.sweeps("bars"):
        position.swept(queries[0])
    assert position.is_swept()
    assert position.sweep_at == SESSION.post_close_at + timedelta(minutes=20)


def test_dropped_symbol_and_disabled_endpoint_are_asked_no_more() -> None:
    position = run()
    position.drop(["MSFT"])
    position.disable("bars")
    assert position.endpoints() == ("trades",)
    assert position.polls("trades", at(1))[0].symbols == ("AAPL",)
    assert position.snapshot().symbols == ("AAPL",)


DELAYED = replace(PLAN, feed="delayed_sip", delay=timedelta(minutes=15), sweep_wait=timedelta(minutes=35))


def test_delayed_feed_is_asked_for_what_it_can_show() -> None:
    position = run(DELAYED)
    assert position.polls("trades", PRE_OPEN + timedelta(minutes=15)) == ()
    (query,) = position.polls("trades", at(1))
    assert (query.start, query.end) == (PRE_OPEN, at(0.75))
    position.polled(query, query.symbols)
    (query,) = position.polls("trades", at(1.5))
    assert (query.start, query.end) == (at(0.5), at(1.25))


@pytest.mark.parametrize(("delay_s", "ahead_s"), [(900, 0), (900, 10), (920, 0), (960, 300)])
def test_delayed_feed_is_read_whole_by_a_clock_that_is_ahead(delay_s: int, ahead_s: int) -> None:
    """The overlap comes on top of the delay: neither a skew of the clocks nor a slower feed leaves a trade unread."""
    position, seen = run(DELAYED), set[datetime]()
    trades = [at(6) + timedelta(seconds=second) for second in range(3600)]
    position.load("trades", dict.fromkeys(DELAYED.symbols, at(6)))
    for step in range(0, 2 * 3600, 60):
        true_at = at(6) + timedelta(seconds=step)
        shown_until = true_at - timedelta(seconds=delay_s)
        for query in position.polls("trades", true_at + timedelta(seconds=ahead_s)):
            assert query.start is not None
            assert query.end is not None
            seen.update(trade for trade in trades if query.start <= trade < query.end and trade <= shown_until)
            position.polled(query, query.symbols)
    assert len(seen) == len(trades)


def test_session_of_a_delayed_feed_is_read_and_swept_later() -> None:
    position = run(DELAYED)
    for endpoint in position.endpoints():
        while queries := position.polls(endpoint, SESSION.post_close_at):
            position.polled(queries[0], queries[0].symbols)
        assert queries == ()
    assert not position.is_read()
    for endpoint in position.endpoints():
        (query,) = position.polls(endpoint, SESSION.post_close_at + DELAYED.delay)
        assert query.end == SESSION.post_close_at
        position.polled(query, query.symbols)
    assert position.is_read()
    assert position.sweep_at == SESSION.post_close_at + timedelta(minutes=35)


def test_until_ends_a_delayed_run_at_what_the_feed_shows_then() -> None:
    position = run(replace(DELAYED, until=at(1)))
    for endpoint in position.endpoints():
        (query,) = position.polls(endpoint, at(1))
        assert query.end == at(0.75)
        position.polled(query, query.symbols)
    assert position.is_read()


def test_the_plan_knows_the_delay_of_its_feed() -> None:
    assert plan_of(Settings(feed="delayed_sip", symbols=("AAPL",))).delay == timedelta(minutes=15)
    assert plan_of(Settings(feed="iex", symbols=("AAPL",))).delay == timedelta(0)
    assert plan_of(Settings(feed="delayed_sip", symbols=("AAPL",))).sweep_wait == timedelta(minutes=35)


@pytest.mark.parametrize("endpoint", ["trades", "bars"])
@given(steps=st.lists(st.floats(min_value=0.001, max_value=7200), min_size=1, max_size=60), fails=st.randoms())
def test_no_moment_is_ever_skipped(endpoint: str, steps: list[float], fails: object) -> None:
    """Whatever the pace of the clock and whichever polls fail, the covered ranges join from start to end."""
    position, market_at, reached = run(), PRE_OPEN, PRE_OPEN
    for step in [*steps, *[7200.0] * 12]:
        market_at += timedelta(seconds=step)
        for query in position.polls(endpoint, market_at):  # type: ignore[arg-type]
            assert query.start is not None
            assert query.end is not None
            if step < 7200 and fails.random() < 0.3:  # type: ignore[attr-defined]
                continue
            assert query.start <= reached
            assert query.end <= market_at
            assert query.end - reached <= LONGEST_SPAN
            reached = max(reached, query.end)
            position.polled(query, query.symbols)
    assert reached == SESSION.post_close_at


@pytest.mark.parametrize(("feed", "synthetic"), [("sip", False), ("tape", True), ("round_the_clock", True)])
def test_what_only_a_simulator_tells_is_synthetic_whatever_the_setting(feed: str, synthetic: bool) -> None:
    settings = Settings(feed=feed, symbols=("AAPL",), synthetic=False)
    assert plan_of(settings).synthetic is synthetic
    assert plan_of(settings.model_copy(update={"synthetic": True})).synthetic
