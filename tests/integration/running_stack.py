"""The embedded stack as the tests use it: through its command, its addresses, and the signals that break it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg

from marketpulse.local.program import COMPONENT_VARIABLE, STACK_VARIABLE

Finished = subprocess.CompletedProcess[str]
COMMAND = str(Path(sys.executable).with_name("marketpulse"))


@dataclass(frozen=True)
class RunningStack:
    """One stack with a state folder of its own. `environment` is what its commands get."""

    project: Path
    environment: Mapping[str, str]
    status: Mapping[str, Any] = field(default_factory=dict)

    def command(self, *arguments: str, timeout_s: float = 300, check: bool = True) -> Finished:
        """Run `marketpulse ARGUMENTS`; with `check`, its output explains a failure."""
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.project,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    def begin(self, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
        """Start `marketpulse ARGUMENTS` in the background, its output in a file."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [COMMAND, *arguments],
                cwd=self.project,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def read(self, role: str, query: LiteralString, **parameters: object) -> list[tuple[Any, ...]]:
        """Rows of one question, asked as one of the four roles."""
        with psycopg.connect(self.status["postgres"][role], autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query, parameters).fetchall()

    def json(self, *arguments: str, check: bool = True) -> Any:
        return json.loads(self.command(*arguments, "--json", check=check).stdout)

    def processes(self, text: str) -> list[psutil.Process]:
        """This stack's processes whose command line holds a text."""
        mine = self.environment_of_stack()
        return [process for process in mine if text in " ".join(_command_line(process))]

    def environment_of_stack(self) -> list[psutil.Process]:
        """Every process that carries this stack's mark."""
        secrets = json.loads((Path(self.environment["MARKETPULSE_STATE_DIR"]) / "secrets.json").read_text())
        return [process for process in psutil.process_iter() if _mark(process, STACK_VARIABLE) == secrets["stack_id"]]

    def kill(self, text: str) -> int:
        """SIGKILL the newest process of this stack whose command line holds a text; returns its id."""
        victims = sorted(self.processes(text), key=lambda process: process.create_time())
        assert victims, f"no process of the stack has {text!r} in its command line"
        os.kill(victims[-1].pid, signal.SIGKILL)
        return victims[-1].pid

    def kill_component(self, name: str) -> int:
        """SIGKILL one component by its id in the status."""
        pid = int(self.json("status")["components"][name]["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_replaced(self, name: str, text: str | None, pid: int) -> bool:
        """Whether another process does the work of one that was killed: a component, or what `text` finds."""
        if text is None:
            component = self.json("status")["components"][name]
            return bool(component["healthy"]) and int(component["pid"]) != pid
        return any(process.pid != pid for process in self.processes(text))


def wait_until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Return when the condition holds; an outage while asking counts as not yet."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except psycopg.OperationalError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{what} did not happen within {timeout_s:.0f} s")


def _mark(process: psutil.Process, name: str) -> str | None:
    try:
        return process.environ().get(name)
    except (psutil.Error, OSError):
        return None


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.Error, OSError):
        return []


def component_of(process: psutil.Process) -> str | None:
    """Which component a process belongs to."""
    return _mark(process, COMPONENT_VARIABLE)
