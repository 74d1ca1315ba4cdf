"""A whole generated day through Airflow, as `make demo` plays it, and the same day again."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.running_stack import RunningStack

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


def test_a_generated_day_lands_balances_and_is_there_to_read(stack: RunningStack) -> None:
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
    assert {name for name, equation in equations.items() if float(equation["left"]) == 0} == set()
    assert float(equations["truth_auctions"]["left"]) == 11
    first = landed(stack, day)
    assert first[0] > 40_000
    stack.command("demo", timeout_s=600)
    assert landed(stack, day) == first
    assert stack.json("prove", "--date", day)["balanced"] is True
