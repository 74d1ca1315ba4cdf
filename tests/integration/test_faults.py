"""kill -9 in the middle of a day, of each process that holds something: the day still ends balanced, by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.running_stack import RunningStack, wait_until

from marketpulse.events.session import calendar

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

# What to look for in a command line; None: a component of the status.
VICTIMS = {
    "producer": "marketpulse produce",
    "driver": "org.apache.spark.deploy.SparkSubmit",
    "executor": "CoarseGrainedExecutorBackend",
    "kafka": None,
    "postgres": None,
}
# Slow enough that the day goes on while each of the five comes back.
SPEED = "250"
FIRST_KILL_AFTER_TRADES = 2_000
TRADES_BETWEEN_KILLS = 8_000


def a_day_of_its_own() -> str:
    """The last but one completed session: no other test plays it."""
    xnys = calendar("XNYS")
    last = xnys.last_completed(datetime.now(UTC))
    return xnys.last_completed(last.pre_open_at - timedelta(seconds=1)).trading_date.isoformat()


def test_five_kills_in_the_middle_of_the_day_lose_and_double_nothing(stack: RunningStack, tmp_path: Path) -> None:
    day = a_day_of_its_own()
    log = tmp_path / "demo.log"
    killed_at: dict[str, int] = {}
    playing = stack.begin("demo", "--date", day, "--speed", SPEED, log=log)
    try:
        for number, (victim, text) in enumerate(VICTIMS.items()):
            wanted = FIRST_KILL_AFTER_TRADES + number * TRADES_BETWEEN_KILLS
            killed_at[victim] = kill_after(stack, day, wanted, victim, text)
        status = playing.wait(timeout=600)
    finally:
        if playing.poll() is None:
            playing.terminate()
            playing.wait(timeout=60)
    shown = log.read_text(encoding="utf-8", errors="replace")
    assert status == 0, f"killed {list(killed_at)}\n{shown[-4000:]}"
    proof = stack.json("prove", "--date", day)
    assert proof["balanced"] is True
    compared = next(equation for equation in proof["equations"] if equation["name"] == "truth_trades")
    assert int(compared["left"]) == int(compared["right"]) > 40_000
    assert max(killed_at.values()) < int(compared["left"]), f"too late to matter: {killed_at}"


def kill_after(stack: RunningStack, day: str, wanted: int, victim: str, text: str | None) -> int:
    """Kill once so many trades have landed, wait for the successor; returns how many there were at the kill."""
    wait_until(lambda: trades(stack, day) > wanted, timeout_s=240, what=f"the landing of {wanted} trades")
    landed = trades(stack, day)
    pid = stack.kill(text) if text else stack.kill_component(victim)
    wait_until(lambda: stack.is_replaced(victim, text, pid), timeout_s=120, what=f"a successor of {victim} {pid}")
    return landed


def trades(stack: RunningStack, day: str) -> int:
    rows = stack.read(
        "operations",
        "SELECT count(*) FROM market.event WHERE trading_date = %(day)s AND event_type = 'trade'",
        day=day,
    )
    return int(rows[0][0])
