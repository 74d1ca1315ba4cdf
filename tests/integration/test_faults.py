"""kill -9 in the middle of a day, of each process that holds something: the day still ends balanced, by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.running_stack import RunningStack, wait_until

from marketpulse.events.session import calendar

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

# What to look for in a command line, or which component to end.
VICTIMS = {
    "producer": "marketpulse produce",
    "driver": "org.apache.spark.deploy.SparkSubmit",
    "executor": "CoarseGrainedExecutorBackend",
    "kafka": None,
    "postgres": None,
}


def session_before(sessions: int) -> str:
    """A completed session some days back, so that every case has a day of its own."""
    xnys = calendar("XNYS")
    session = xnys.last_completed(datetime.now(UTC))
    for _ in range(sessions):
        session = xnys.last_completed(session.pre_open_at - timedelta(seconds=1))
    return session.trading_date.isoformat()


@pytest.mark.parametrize(("days_back", "victim"), list(enumerate(VICTIMS, start=1)))
def test_a_kill_in_the_middle_of_the_day_loses_and_doubles_nothing(
    stack: RunningStack, tmp_path: Path, days_back: int, victim: str
) -> None:
    day = session_before(days_back)
    log = tmp_path / "demo.log"
    playing = stack.begin("demo", "--date", day, log=log)
    try:
        wait_until(lambda: trades(stack, day) > 5_000, timeout_s=180, what="the middle of the day")
        text = VICTIMS[victim]
        pid = stack.kill(text) if text else stack.kill_component(victim)
        status = playing.wait(timeout=600)
    finally:
        if playing.poll() is None:
            playing.terminate()
            playing.wait(timeout=60)
    shown = log.read_text(encoding="utf-8", errors="replace")
    assert status == 0, f"killed {victim} {pid}\n{shown[-4000:]}"
    proof = stack.json("prove", "--date", day)
    assert proof["balanced"] is True
    compared = next(equation for equation in proof["equations"] if equation["name"] == "truth_trades")
    assert int(compared["left"]) == int(compared["right"]) > 40_000
    assert trades(stack, day) >= int(compared["left"])
    assert stack.is_replaced(victim, text, pid), f"{victim} {pid} was not started again"


def trades(stack: RunningStack, day: str) -> int:
    rows = stack.read(
        "operations",
        "SELECT count(*) FROM market.event WHERE trading_date = %(day)s AND event_type = 'trade'",
        day=day,
    )
    return int(rows[0][0])
