"""The supervisor: restarts what ends, is found by its marks when it is gone, and leaves nothing behind."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from marketpulse.local import processes
from marketpulse.local.layout import Layout
from marketpulse.local.program import COMPONENT_VARIABLE, STACK_VARIABLE, Program
from marketpulse.local.supervisor import Supervisor, socket_path

T = TypeVar("T")
STACK = f"test-{os.getpid()}"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    layout = Layout(tmp_path / "state with a space")
    layout.prepare()
    programs = (
        # A shell with a child, so that a whole group must end.
        Program("sleeper", ("sh", "-c", 'sleep 100 & echo "says 100%"; wait'), tmp_path, {"GREETING": "50% off, now"}),
        Program("failing", ("false",), tmp_path),
    )
    control = Supervisor(layout)
    try:
        control.start(programs, stack_id=STACK, environment={"PATH": os.environ["PATH"], "SECRET": "s"})
        yield control
    finally:
        processes.end_leftovers(STACK, grace_s=1)
        control.socket.unlink(missing_ok=True)


def wait_for(ask: Callable[[], T | None], timeout_s: float = 20) -> T:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (answer := ask()) is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def pid_of(control: Supervisor, name: str) -> int | None:
    return next((program.pid for program in control.programs() if program.name == name), None)


def test_nothing_runs_until_it_is_started(supervisor: Supervisor) -> None:
    assert {program.name: program.pid for program in supervisor.programs()} == {"sleeper": None, "failing": None}


def test_a_killed_program_comes_back_with_its_environment(supervisor: Supervisor) -> None:
    supervisor.start_program("sleeper")
    first = wait_for(lambda: pid_of(supervisor, "sleeper"))
    os.kill(first, signal.SIGKILL)
    second = wait_for(lambda: pid if (pid := pid_of(supervisor, "sleeper")) != first else None)
    # Until the new process has become the program, it still shows the supervisor's own environment.
    environment = wait_for(lambda: found if "GREETING" in (found := psutil.Process(second).environ()) else None)
    assert environment["GREETING"] == "50% off, now"
    assert environment["SECRET"] == "s"
    assert environment[STACK_VARIABLE] == STACK
    assert environment[COMPONENT_VARIABLE] == "sleeper"


def test_stopping_ends_the_whole_group(supervisor: Supervisor) -> None:
    supervisor.start_program("sleeper")
    pid = wait_for(lambda: pid_of(supervisor, "sleeper"))
    wait_for(lambda: psutil.Process(pid).children() or None)
    supervisor.stop_program("sleeper", wait=True)
    assert not processes.find(STACK, component="sleeper")


def test_a_program_that_cannot_stay_up_is_seen(supervisor: Supervisor) -> None:
    supervisor.start_program("failing")
    wait_for(lambda: supervisor.is_failing("failing") or None)


def test_what_a_killed_supervisor_leaves_is_found_and_ended(supervisor: Supervisor) -> None:
    supervisor.start_program("sleeper")
    wait_for(lambda: pid_of(supervisor, "sleeper"))
    own = supervisor.pid()
    assert own is not None
    os.kill(own, signal.SIGKILL)
    wait_for(lambda: supervisor.pid() is None or None)
    assert supervisor.programs() == ()
    assert processes.find(STACK, component="sleeper")
    assert processes.end_leftovers(STACK, grace_s=1) > 0
    assert not processes.find(STACK)


def test_the_socket_fits_however_deep_the_state_folder_is() -> None:
    assert len(str(socket_path(Path("/deep" * 100)))) < 100
