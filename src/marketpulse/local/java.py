"""Which Java runs Kafka and Spark: the one of JAVA_HOME, else the one on PATH, if its version is supported."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from marketpulse.errors import OperatorError

OLDEST, NEWEST = 17, 21
HOW_TO_GET_IT = "install one, for example 'apt-get install openjdk-17-jre-headless', or point JAVA_HOME at one"


@dataclass(frozen=True, slots=True)
class Java:
    """A usable Java: its executable and its home folder."""

    executable: Path
    version: int

    @property
    def home(self) -> Path:
        return self.executable.resolve().parents[1]


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """The first supported Java. Raises OperatorError that says what was found instead."""
    found: list[str] = []
    for executable in _candidates(environment):
        version = _version(executable)
        if version is None:
            continue
        if OLDEST <= version <= NEWEST:
            return Java(executable, version)
        found.append(f"{executable} is Java {version}")
    what = "; ".join(found) if found else "there is none"
    raise OperatorError(f"Java {OLDEST} to {NEWEST} is needed and {what}: {HOW_TO_GET_IT}")


def java_version(text: str) -> int | None:
    """The feature version in what `java -version` prints: 17 of "17.0.15", 8 of "1.8.0_392"."""
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


def _candidates(environment: Mapping[str, str]) -> list[Path]:
    home = environment.get("JAVA_HOME")
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    return [*([Path(home) / "bin" / "java"] if home else []), *([Path(on_path)] if on_path else [])]


def _version(executable: Path) -> int | None:
    try:
        outcome = subprocess.run([str(executable), "-version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return java_version(outcome.stderr + outcome.stdout)


def main() -> None:
    """`python -m marketpulse.local.java`: fail with one line when there is no supported Java. Needs no package."""
    try:
        find_java()
    except OperatorError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
