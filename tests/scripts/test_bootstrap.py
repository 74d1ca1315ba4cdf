"""What is missing on a person's machine is said in one line, before anything is downloaded or changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.sh"
# All that the script itself calls.
TOOLS = ("sh", "dirname", "head", "cut", "env")


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def refusal(path: Path, **variables: str) -> str:
    """Run the script with nothing on PATH but the tools and what a test put there."""
    path.mkdir(exist_ok=True)
    for tool in TOOLS:
        (path / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [str(SCRIPT)],
        env={"PATH": str(path), "HOME": os.environ.get("HOME", "/"), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("version", ["3.8.10", "3.10.14", "3.13.1"])
def test_an_unsupported_python_is_named(tmp_path: Path, version: str) -> None:
    program(tmp_path / "bin", "python3", f'[ "$1" = --version ] && echo "Python {version}" && exit 0\nexit 1')
    said = refusal(tmp_path / "bin")
    assert f"Python 3.11 or 3.12 is needed; python3 is Python {version}" in said
    assert "make PYTHON=" in said


def test_no_python_at_all_is_said(tmp_path: Path) -> None:
    assert "Python 3.11 or 3.12 is needed; there is none" in refusal(tmp_path / "bin")


@pytest.mark.parametrize(("version", "feature"), [("1.8.0_392", 8), ("11.0.2", 11), ("24", 24)])
def test_an_unsupported_java_is_named(tmp_path: Path, version: str, feature: int) -> None:
    java = program(tmp_path / "bin", "java", f"echo 'openjdk version \"{version}\"' >&2")
    said = refusal(tmp_path / "bin", PYTHON=sys.executable)
    assert f"Java 17 to 21 is needed and {java} is Java {feature}: install one" in said


def test_no_java_at_all_is_said(tmp_path: Path) -> None:
    said = refusal(tmp_path / "bin", PYTHON=sys.executable)
    assert "Java 17 to 21 is needed and there is none: install one" in said
