"""Supervision with real child processes: restarts, the watchdog, the stop, and what a child's death means."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from marketpulse.errors import LeaseHeldError, OperatorError, RetriableError
from marketpulse.ingest.producer_supervision import ProducerSupervisor, StoppedError, SupervisionPolicy
from marketpulse.ingest.progress import Progress

QUICK = SupervisionPolicy(silence_s=1.5, stop_grace_s=1.0, restart_base_s=0.05, restart_cap_s=0.1, max_restarts=2)
LINE = r"""
import json, os, sys, time
def progress(events=0):
    line = {"at": "2026-11-20T21:00:00Z", "kind": "progress", "producer_id": "p-1", "events": events}
    print(json.dumps(line), flush=True)
"""


def supervisor(script: str, **options: object) -> ProducerSupervisor:
    argv = [sys.executable, "-c", LINE + script]
    return ProducerSupervisor(argv, policy=QUICK, **options)  # type: ignore[arg-type]


def test_child_that_ends_well_ends_the_supervision() -> None:
    seen: list[Progress] = []
    logged: list[str] = []
    supervisor("progress(7); print('hello')", on_progress=seen.append, on_log=logged.append).run()
    assert [line.events for line in seen] == [7]
    assert logged == ["hello"]


def test_crashed_child_is_started_again(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    script = f"""
from pathlib import Path
marker = Path({str(marker)!r})
if not marker.exists():
    marker.touch()
    os.kill(os.getpid(), 9)
"""
    child = supervisor(script)
    child.run()
    assert child.restarts == 1


@pytest.mark.parametrize(("status", "error"), [(2, OperatorError), (3, LeaseHeldError), (75, RetriableError)])
def test_exit_status_decides_and_the_childs_words_are_passed_on(status: int, error: type[Exception]) -> None:
    child = supervisor(f"print('marketpulse: the reason', file=sys.stderr); sys.exit({status})")
    with pytest.raises(error, match="the reason"):
        child.run()
    assert child.restarts == (2 if status == 75 else 0)


def test_silent_child_is_killed_and_started_again() -> None:
    child = supervisor("time.sleep(60)")
    started_s = time.monotonic()
    with pytest.raises(RetriableError, match="no progress"):
        child.run()
    assert child.restarts == 2
    assert time.monotonic() - started_s < 15


def test_stop_drains_the_child_and_raises(tmp_path: Path) -> None:
    marker = tmp_path / "drained"
    script = f"""
import signal
from pathlib import Path
def drain(*_):
    Path({str(marker)!r}).touch()
    sys.exit(143)
signal.signal(signal.SIGTERM, drain)
progress()
time.sleep(60)
"""
    child: ProducerSupervisor = supervisor(script, on_progress=lambda line: child.request_stop())
    with pytest.raises(StoppedError):
        child.run()
    assert marker.exists()


def test_child_that_will_not_drain_is_killed_with_its_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"""
import signal, subprocess
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
Path({str(pid_file)!r}).write_text(str(grandchild.pid))
progress()
time.sleep(60)
"""
    child: ProducerSupervisor = supervisor(script, on_progress=lambda line: child.request_stop())
    started_s = time.monotonic()
    with pytest.raises(StoppedError):
        child.run()
    assert time.monotonic() - started_s < 5
    _wait_for(lambda: _gone(int(pid_file.read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
def test_child_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        "import sys; from marketpulse.ingest.producer_supervision import ProducerSupervisor;"
        f"ProducerSupervisor([sys.executable, '-c', {child!r}]).run()"
    )
    parent = subprocess.Popen([sys.executable, "-c", outer])
    _wait_for(lambda: pid_file.exists() and pid_file.read_text() != "")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _wait_for(lambda: _gone(int(pid_file.read_text())))


def test_stop_from_another_thread_ends_a_back_off() -> None:
    policy = SupervisionPolicy(restart_base_s=30, restart_cap_s=60)
    child = ProducerSupervisor([sys.executable, "-c", "raise SystemExit(75)"], policy=policy)
    timer = threading.Timer(1.5, child.request_stop)
    timer.start()
    started_s = time.monotonic()
    with pytest.raises(StoppedError):
        child.run()
    timer.join()
    assert time.monotonic() - started_s < 6


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    # A zombie that nobody reaps yet is as dead as it gets.
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def _wait_for(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
