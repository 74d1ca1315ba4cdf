"""A whole generated day through Airflow, as `make demo` plays it; the same day given up in the middle; and again."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.running_stack import RunningStack, wait_until

from marketpulse.events.session import calendar

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


# Snapshots show the moment of asking, and another run asks at other moments. Trades and bars are facts.
FACTS = """
SELECT
    (SELECT count(*) FROM market.event WHERE trading_date = %(day)s AND event_type = 'trade'),
    (SELECT sum(price * size) FROM market.event WHERE trading_date = %(day)s AND action <> 'cancel'),
    (SELECT count(*) FROM market.bar_1m WHERE trading_date = %(day)s),
    (SELECT sum(notional) FROM market.bar_1m WHERE trading_date = %(day)s)
"""


def landed(stack: RunningStack, day: str) -> tuple[Any, ...]:
    return stack.read("operations", FACTS, day=day)[0]


def test_a_generated_day_lands_balances_and_is_there_to_read(stack: RunningStack, tmp_path: Path) -> None:
    day = calendar("XNYS").last_completed(datetime.now(UTC)).trading_date.isoformat()
    shown = stack.command("demo", timeout_s=600).stdout
    for word in ("AAPL", "VWAP", "coverage", "Airflow", "Spark", "Kafka", "PostgreSQL"):
        assert word in shown
    rows = stack.read(
        "reader",
        "SELECT symbol, open, high, low, close, volume, vwap, trade_count, coverage_pct FROM mart.fact_daily"
        " WHERE trading_date = %(day)s",
        day=day,
    )
    assert len(rows) == 11
    for symbol, opened, high, low, close, volume, vwap, trades, coverage in rows:
        assert low <= opened <= high, symbol
        assert low <= close <= high, symbol
        assert low <= vwap <= high, symbol
        assert volume > 0, symbol
        assert trades > 0, symbol
        assert coverage == 100, symbol
    reasons = stack.read(
        "reader",
        "SELECT DISTINCT status, reason, symbol FROM mart.fact_coverage WHERE trading_date = %(day)s",
        day=day,
    )
    # The provider's outage is ours: what traded meanwhile was read afterwards.
    assert {("late", "our_outage", symbol) for symbol in ("AAPL", "NVDA", "SPY", "TSLA")} <= set(reasons)
    assert ("missing", "presumed_halt", "ZHLT") in reasons
    assert not {symbol for _, reason, symbol in reasons if reason in ("unexplained", "provider_gap")}
    proof = stack.json("prove", "--date", day)
    assert proof["balanced"] is True
    equations = {equation["name"]: equation for equation in proof["equations"]}
    # Nobody sends the demo's one dead letter again; every other equation has something to prove.
    assert {name for name, equation in equations.items() if float(equation["left"]) == 0} == {"replays_landed"}
    assert float(equations["truth_auctions"]["left"]) == 11
    first = landed(stack, day)
    assert first[0] > 40_000
    give_up_in_the_middle(stack, tmp_path / "demo.log")
    stack.command("demo", timeout_s=600)
    assert landed(stack, day) == first
    assert stack.json("prove", "--date", day)["balanced"] is True


def give_up_in_the_middle(stack: RunningStack, log: Path) -> None:
    """Ctrl-C while the day plays; a second demo meanwhile is refused."""
    playing = stack.begin("demo", log=log)
    try:
        wait_until(lambda: "events: running" in log.read_text(), timeout_s=180, what="the play")
        beside = stack.command("demo", check=False)
        assert (beside.returncode, len(beside.stderr.splitlines())) == (2, 1), beside.stderr
        assert "another 'demo' is playing" in beside.stderr
        playing.send_signal(signal.SIGINT)
        assert playing.wait(timeout=90) == 130
    finally:
        if playing.poll() is None:
            playing.kill()
            playing.wait()
    shown = log.read_text()
    assert shown.endswith("marketpulse: interrupted; the stack is still up: make demo again, or make down\n")
    assert "Traceback" not in shown
