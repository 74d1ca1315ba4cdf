"""Where everything of one embedded stack lies: the folders of the checkout that it runs, and its state folder."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.settings import state_dir

# Under this the broker and Postgres would stop soon after the start.
LEAST_FREE_BYTES = 2 * 1024**3


def project_dir() -> Path:
    """The checkout: the embedded stack runs the DAGs, plugins and Spark jobs of a working tree."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "dags").is_dir():
        raise OperatorError("the embedded stack runs from a checkout: clone the repository and run 'make up' in it")
    return root


def scripts_dir() -> Path:
    """Where this environment keeps `airflow`, `marketpulse` and `spark-submit`."""
    return Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Layout:
    """The state folder. Files that hold secrets are readable by their owner only."""

    state: Path

    @classmethod
    def current(cls) -> "Layout":
        return cls(state_dir())

    @property
    def secrets(self) -> Path:
        return self.state / "secrets.json"

    @property
    def airflow_passwords(self) -> Path:
        return self.state / "airflow_passwords.json"

    @property
    def stack_env(self) -> Path:
        return self.state / "stack.env"

    @property
    def plan(self) -> Path:
        return self.state / "stack.json"

    @property
    def supervisor_config(self) -> Path:
        return self.state / "supervisord.conf"

    @property
    def up_lock(self) -> Path:
        return self.state / "up.lock"

    @property
    def demo_lock(self) -> Path:
        return self.state / "demo.lock"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def jars(self) -> Path:
        return self.state / "jars"

    @property
    def kafka(self) -> Path:
        return self.state / "kafka"

    @property
    def spark(self) -> Path:
        return self.state / "spark"

    @property
    def airflow(self) -> Path:
        return self.state / "airflow"

    @property
    def simulator_state(self) -> Path:
        return self.state / "simulator.json"

    @property
    def backups(self) -> Path:
        return self.state / "backups"

    @property
    def reports(self) -> Path:
        return self.state / "reports"

    @property
    def chaos(self) -> Path:
        return self.state / "chaos"

    @property
    def power_bi(self) -> Path:
        return self.state / "marketpulse.pbids"

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"

    def prepare(self) -> None:
        """Make the folders. Raises OperatorError when the state folder cannot be written or its disk is full."""
        try:
            # Others may pass through (a root user's Postgres runs as somebody else), not look around.
            self.state.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.logs, self.kafka, self.spark, self.airflow, self.backups, self.reports):
                folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.state) as probe:
                probe.write(b"x")
                probe.flush()
            room = os.statvfs(self.state)
        except OSError as error:
            raise unusable(f"the state folder {self.state}", error) from None
        free = room.f_bavail * room.f_frsize
        if free < LEAST_FREE_BYTES:
            raise OperatorError(
                f"only {free / 1024**3:.1f} GiB are free for {self.state}: free {LEAST_FREE_BYTES / 1024**3:.0f} GiB, "
                "or set MARKETPULSE_STATE_DIR to a folder on another disk"
            )


def unusable(path: Path | str, error: OSError) -> OperatorError:
    """What to tell a person when a file or folder of the stack cannot be read or written."""
    return OperatorError(
        f"{path} cannot be used ({error.strerror or error}): "
        "make it readable and writable, or set MARKETPULSE_STATE_DIR to another folder"
    )


def read_if_there(path: Path) -> bytes | None:
    """A file of the state folder, None when there is none. Raises OperatorError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error) from None


def write_private(path: Path, text: str) -> None:
    """Replace a file at once with one that only its owner may read. Raises OperatorError when that is impossible."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unusable(path, error) from None
