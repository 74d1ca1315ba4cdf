"""Every kind of fault once, on a stack of its own with data flowing: it recovers each time, and each time it balances.

The first of its folder, so that the stack which the others share is not up beside this one.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.integration.conftest import running_stack
from tests.integration.running_stack import RunningStack, wait_until

from marketpulse.chaos.catalogue import chosen

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

# Longer than a lease lives (10 s), so that whoever is frozen has been given up by the others when it wakes.
HOLD_S = "12"
# Left to `make chaos`: other ways to strike what is struck here too.
VARIANTS = ("driver's Python", "sink's session", "kill -9: Postgres")


@pytest.fixture(scope="module")
def victim() -> Iterator[RunningStack]:
    with running_stack() as running:
        yield running


def test_ctrl_c_leaves_no_process_stopped(victim: RunningStack, tmp_path: Path) -> None:
    log = tmp_path / "chaos.log"
    playing = victim.begin("chaos", "--only", "SIGSTOP: Kafka", "--hold", "120", log=log)
    kafka = psutil.Process(int(victim.json("status")["components"]["kafka"]["pid"]))
    try:
        wait_until(lambda: kafka.status() == psutil.STATUS_STOPPED, timeout_s=240, what="the freeze")
        beside = victim.command("chaos", check=False)
        assert (beside.returncode, len(beside.stderr.splitlines())) == (2, 1), beside.stderr
        playing.send_signal(signal.SIGINT)
        assert playing.wait(timeout=90) == 130
    finally:
        if playing.poll() is None:
            playing.kill()
            playing.wait()
            victim.command("chaos", "--put-back")
    assert not [process for process in victim.environment_of_stack() if process.status() == psutil.STATUS_STOPPED]
    shown = log.read_text()
    assert "interrupted; every process goes on and the disk is back in its place" in shown
    assert "Traceback" not in shown


def test_every_fault_once_loses_and_doubles_nothing(victim: RunningStack) -> None:
    left_out = VARIANTS if os.geteuid() == 0 else (*VARIANTS, "out of disk")
    without = [text for word in left_out for text in ("--without", word)]
    done = victim.command("chaos", "--once", "--seed", "4", "--hold", HOLD_S, *without, timeout_s=1400)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    results = {f"{row[1]}: {row[2]}": row[-1] for row in rows[2:]}
    assert results == dict.fromkeys(chosen((), left_out), "ok"), done.stdout
    # Each strike met data on its way, and each proof compared something.
    assert all(int(row[5].replace(",", "")) > 0 and int(row[6].split()[0]) > 20 for row in rows[2:]), done.stdout
    assert victim.json("health", check=False)["state"] in ("ok", "warning")
