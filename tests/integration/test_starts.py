"""Starts and stops at awkward moments: nothing is left behind, and what is not well is said."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.database import free_port
from tests.integration.conftest import stack_environment
from tests.integration.running_stack import RunningStack, wait_until

from marketpulse.local.layout import Layout, project_dir
from marketpulse.local.postgres import discard_outside
from marketpulse.local.supervisor import Supervisor

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"


@pytest.fixture
def fresh() -> Iterator[RunningStack]:
    """A stack of its own that was never started."""
    state = Path(tempfile.mkdtemp(prefix="marketpulse-stack-"))
    state.chmod(0o711)
    made = RunningStack(project_dir(), stack_environment(state))
    try:
        yield made
    finally:
        made.command("down", timeout_s=120, check=False)
        discard_outside(state, keep=None)
        shutil.rmtree(state, ignore_errors=True)


def state_of(stack: RunningStack) -> Layout:
    return Layout(Path(stack.environment["MARKETPULSE_STATE_DIR"]))


def test_up_again_says_that_it_is_running(stack: RunningStack) -> None:
    assert "it is running already" in stack.command("up").stderr


def test_up_again_waits_for_what_is_not_healthy(stack: RunningStack) -> None:
    stack.kill_component("kafka")
    said = stack.command("up").stderr
    assert "waiting for" in said
    assert "kafka" in said
    assert all(component["healthy"] for component in stack.json("status")["components"].values())


@pytest.mark.parametrize(
    "words",
    [
        ("consume", "--max", "1"),
        ("topics",),
        ("replay", str(TAPE), "--symbol", "BAC", "--timezone", "America/New_York"),
        ("prove",),
    ],
    ids=lambda words: words[0],
)
def test_a_broker_that_is_away_is_said_in_few_lines(stack: RunningStack, words: tuple[str, ...]) -> None:
    nowhere = {"MARKETPULSE_KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}
    done = replace(stack, environment={**stack.environment, **nowhere}).command(*words, check=False, timeout_s=90)
    assert done.returncode == 75
    lines = done.stderr.splitlines()
    assert len(lines) <= 3, done.stderr
    assert nowhere["MARKETPULSE_KAFKA_BOOTSTRAP"] in lines[-1]


def test_a_taken_port_is_said_before_anything_starts(fresh: RunningStack) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = {"MARKETPULSE_PORT_KAFKA": str(listener.getsockname()[1])}
        done = replace(fresh, environment={**fresh.environment, **taken}).command("up", check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"port {taken['MARKETPULSE_PORT_KAFKA']} is taken: set MARKETPULSE_PORT_KAFKA to a free one" in line
    assert not state_of(fresh).secrets.exists()


def test_ctrl_c_twice_in_a_start_leaves_nothing(fresh: RunningStack, tmp_path: Path) -> None:
    starting = fresh.begin("up", log=tmp_path / "up.log")
    wait_until(lambda: started(fresh), timeout_s=60, what="the first components")
    starting.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping what was started" in (tmp_path / "up.log").read_text(), timeout_s=60, what="the stop")
    starting.send_signal(signal.SIGINT)
    starting.send_signal(signal.SIGTERM)
    assert starting.wait(timeout=120) == 130
    assert "interrupted; what was started is stopped again" in (tmp_path / "up.log").read_text()
    assert not fresh.environment_of_stack()


def test_down_ends_a_start_and_what_outlived_its_supervisor(fresh: RunningStack, tmp_path: Path) -> None:
    starting = fresh.begin("up", log=tmp_path / "up.log")
    wait_until(lambda: started(fresh), timeout_s=60, what="the first components")
    fresh.command("down", timeout_s=120)
    assert starting.wait(timeout=5) == 130
    assert not fresh.environment_of_stack()
    starting = fresh.begin("up", log=tmp_path / "up.log")
    wait_until(lambda: started(fresh), timeout_s=60, what="the first components")
    starting.kill()
    starting.wait()
    supervisor = Supervisor(state_of(fresh)).pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    stopped = fresh.command("down", timeout_s=120).stdout
    assert stopped.startswith("stopped ")
    assert "spark-master" in stopped
    assert not fresh.environment_of_stack()


def started(stack: RunningStack) -> bool:
    """Whether components run already: the supervisor itself is the first process."""
    return state_of(stack).secrets.exists() and len(stack.environment_of_stack()) > 4
