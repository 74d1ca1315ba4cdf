"""The `marketpulse` command with its words, folder and environment, in the test's own process: that starts faster."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketpulse.cli import main
from marketpulse.settings import settings

OURS = ("MARKETPULSE_", "AIRFLOW", "API_KEY", "API_SECRET")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line with which it asked a person to act."""
        assert self.status == 2, f"{self.status}\n{self.out}\n{self.err}"
        (line,) = self.err.strip().splitlines()
        return line


class Command:
    """Runs in a folder of its own, whose `.env` counts and where `state` is the state folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._patch = patch
        self._captured = captured

    def run(self, *arguments: str, **variables: str) -> Finished:
        with self._patch.context() as patch:
            for name in [name for name in os.environ if name.startswith(OURS)]:
                patch.delenv(name)
            for name, value in {"MARKETPULSE_STATE_DIR": str(self.state), **variables}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["marketpulse", *arguments])
            settings.cache_clear()
            self._captured.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            settings.cache_clear()
        said = self._captured.readouterr()
        return Finished(int(ended.value.code or 0), said.out, said.err)
