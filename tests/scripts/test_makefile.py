"""`make down` and `make status` work with the environment that is there, and without one."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"


def make(target: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    shutil.copy(MAKEFILE, folder)
    return subprocess.run(["make", target], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("target", ["down", "status"])
def test_the_environment_is_not_made_again_for_it(tmp_path: Path, target: str) -> None:
    command = tmp_path / ".venv" / "bin" / "marketpulse"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "called with $1"\n')
    command.chmod(0o755)
    done = make(target, tmp_path)
    assert (done.returncode, done.stdout) == (0, f"called with {target}\n")


def test_without_an_environment_nothing_runs(tmp_path: Path) -> None:
    stopped = make("down", tmp_path)
    assert (stopped.returncode, stopped.stdout) == (0, "nothing was running: there is no .venv\n")
    asked = make("status", tmp_path)
    assert asked.returncode != 0
    assert "not running: make up" in asked.stderr
