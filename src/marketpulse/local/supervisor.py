"""The supervisor of the stack's programs: supervisord in a session of its own, driven through its Unix socket."""

import contextlib
import hashlib
import os
import stat
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.layout import Layout, write_private
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.program import COMPONENT_VARIABLE, STACK_VARIABLE, Program

NAME = "supervisor"
# It ended soon after its start, once (and is tried again) or for good.
FAILING_STATES = frozenset({"BACKOFF", "FATAL"})


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What the supervisor says about one program. `pid` is None while it is not there."""

    name: str
    state: str
    pid: int | None


class Supervisor:
    """Talks to the supervisord of one stack. No call raises when it is gone except `start_program`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.socket = socket_path(layout.state)

    def start(self, programs: Iterable[Program], *, stack_id: str, environment: Mapping[str, str]) -> int:
        """Start supervisord with every program stopped, and return its process id once it answers."""
        write_private(self._layout.supervisor_config, self._config(programs, stack_id))
        _make_private(self.socket.parent)
        self.socket.unlink(missing_ok=True)
        marks = {STACK_VARIABLE: stack_id, COMPONENT_VARIABLE: NAME}
        # It leaves this session and returns; from then on no terminal's Ctrl-C reaches it.
        outcome = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._layout.supervisor_config)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**environment, **marks},
            cwd=self._layout.state,
        )
        deadline = time.monotonic() + 15
        while outcome.returncode == 0 and time.monotonic() < deadline:
            if (pid := self.pid()) is not None:
                return pid
            time.sleep(0.05)
        said = (outcome.stderr or outcome.stdout).strip().splitlines()[-1:]
        raise OperatorError(f"the supervisor did not start {' '.join(said)}: see {self._layout.log(NAME)}")

    def pid(self) -> int | None:
        """The supervisor's process id, None when it does not answer."""
        with self._quiet():
            return int(str(self._call("supervisor.getPID")))
        return None

    def start_program(self, name: str) -> None:
        """Start it without waiting. Raises RetriableError when the supervisor is gone."""
        try:
            self._call("supervisor.startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise OperatorError(f"{name} cannot be started: {fault.faultString}") from None
        except (OSError, HTTPException):
            raise RetriableError(f"the supervisor is gone: see {self._layout.log(NAME)}") from None

    def stop_program(self, name: str, *, wait: bool) -> None:
        """Stop it with its whole process group; with `wait`, return when it has ended."""
        with self._quiet():
            self._call("supervisor.stopProcess", name, wait)

    def programs(self) -> tuple[ProgramState, ...]:
        """Every program, empty when the supervisor does not answer."""
        with self._quiet():
            rows = self._call("supervisor.getAllProcessInfo")
            if isinstance(rows, list):
                return tuple(
                    ProgramState(str(row["name"]), str(row["statename"]), int(row["pid"]) or None) for row in rows
                )
        return ()

    def is_failing(self, name: str) -> bool:
        """Whether a program ends each time it is started."""
        return any(program.name == name and program.state in FAILING_STATES for program in self.programs())

    def shut_down(self) -> None:
        """Ask it to stop what is left and to end; returns at once."""
        with self._quiet():
            self._call("supervisor.shutdown")

    def _call(self, method: str, *arguments: object) -> object:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        with contextlib.closing(transport):
            proxy = xmlrpc.client.ServerProxy(f"http://{LOOPBACK}", transport=transport)
            target = getattr(proxy, method)
            result: object = target(*arguments)
            return result

    @staticmethod
    def _quiet() -> contextlib.AbstractContextManager[None]:
        """It may be absent or just ending: then there is nothing to ask or to stop."""
        return contextlib.suppress(OSError, HTTPException, xmlrpc.client.Error)

    def _config(self, programs: Iterable[Program], stack_id: str) -> str:
        # Named although it is the default for root, else supervisord warns at every start.
        account = ["user=root"] if os.geteuid() == 0 else []
        head = [
            "[supervisord]",
            "nodaemon=false",
            *account,
            f"logfile={self._layout.log(NAME)}".replace("%", "%%"),
            "logfile_maxbytes=5MB",
            "logfile_backups=1",
            f"pidfile={self._layout.state / 'supervisord.pid'}".replace("%", "%%"),
            f"childlogdir={self._layout.logs}".replace("%", "%%"),
            f"identifier=marketpulse-{stack_id}",
            "minfds=1024",
            "[unix_http_server]",
            f"file={self.socket}".replace("%", "%%"),
            "chmod=0600",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        sections = [program.render(log=self._layout.log(program.name), stack_id=stack_id) for program in programs]
        return "\n".join(head) + "\n" + "\n".join(sections)


def socket_path(state: Path) -> Path:
    """A socket's path may have 108 bytes at most (104 on macOS), so it does not lie in the state folder."""
    digest = hashlib.sha256(str(state).encode()).hexdigest()[:12]
    # Not the temporary folder of the environment: `up` and `down` must agree whatever it is set to.
    return Path("/tmp") / f"marketpulse-{os.getuid()}" / f"{digest}.sock"  # noqa: S108 - its folder is checked to be ours


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise OperatorError(f"{folder} belongs to somebody else: remove it")
    folder.chmod(0o700)
