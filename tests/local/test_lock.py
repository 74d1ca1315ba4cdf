"""Locks between processes: one holds, others are refused, and `down` ends the holder."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketpulse.errors import OperatorError
from marketpulse.local.lock import Lock

HOLDER = """
import sys, time
from pathlib import Path
from marketpulse.local.lock import Lock
with Lock(Path(sys.argv[1])).held("busy"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    with lock.held("busy"), pytest.raises(OperatorError, match="busy"), lock.held("busy"):
        raise AssertionError("both held it")
    with lock.held("busy"):
        pass


def test_taking_over_ends_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = holder(path)
    try:
        with Lock(path).taken_over(timeout_s=20):
            assert process.wait(timeout=5) != 0
    finally:
        process.kill()
        process.wait()


def test_a_holder_that_does_not_end_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = holder(path)
    try:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        with pytest.raises(OperatorError, match=f"process {process.pid} holds"), Lock(path).taken_over(timeout_s=0.5):
            raise AssertionError("it was taken over")
    finally:
        process.kill()
        process.wait()
