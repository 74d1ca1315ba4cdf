"""Signals reach what a target names, and what was frozen goes on however the round ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from marketpulse.chaos import targets
from marketpulse.chaos.faults import Freeze, Signal
from marketpulse.chaos.site import Site
from marketpulse.errors import RetriableError

# A parent with one child; both do nothing for a while.
FAMILY = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    " print('up', flush=True); time.sleep(60)"
)
TARGET = "producer"


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> Iterator[psutil.Process]:
    parent = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    process = psutil.Process(parent.pid)
    everybody = [process, *process.children()]
    monkeypatch.setitem(targets.TARGETS, TARGET, lambda _: [process])
    try:
        yield process
    finally:
        for one in everybody:
            if one.is_running():
                one.kill()
        parent.communicate()


@pytest.fixture
def site() -> Site:
    """These faults ask their targets only."""
    return Site.__new__(Site)


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_stopped(process: psutil.Process) -> bool:
    return str(process.status()) == psutil.STATUS_STOPPED


def test_a_freeze_stops_the_whole_family_and_lets_it_go_on_after_an_error(family: psutil.Process, site: Site) -> None:
    [child] = family.children()

    def interrupted() -> None:
        with Freeze(TARGET).in_force(site):
            assert until(lambda: is_stopped(family) and is_stopped(child))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert until(lambda: not is_stopped(family) and not is_stopped(child))


def test_a_freeze_of_one_alone_leaves_its_children(family: psutil.Process, site: Site) -> None:
    [child] = family.children()
    with Freeze(TARGET, alone=True).in_force(site):
        assert until(lambda: is_stopped(family))
        assert not is_stopped(child)
    assert until(lambda: not is_stopped(family))


def test_one_that_was_replaced_while_it_was_frozen_is_no_error(family: psutil.Process, site: Site) -> None:
    with Freeze(TARGET).in_force(site):
        family.kill()
    assert until(lambda: family.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_a_signal_ends_its_target(family: psutil.Process, site: Site, number: signal.Signals) -> None:
    with Signal(TARGET, "a signal", number).in_force(site):
        assert until(lambda: family.status() == psutil.STATUS_ZOMBIE)


def test_nothing_to_strike_is_to_be_waited_for(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setitem(targets.TARGETS, TARGET, lambda _: [])
    with pytest.raises(RetriableError, match="there is no producer at this moment"):
        Freeze(TARGET).in_force(site).__enter__()
