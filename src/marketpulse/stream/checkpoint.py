"""The folder of a query's checkpoint: named after the driver that made it, and disposable."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil


def fresh_checkpoint(name: str) -> Path:
    """An empty folder of this process; those of drivers that were killed are removed."""
    prefix = _prefix(name)
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}[0-9]*-*"):
        owner = left.name.removeprefix(prefix).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))


def checkpoints_of(name: str, pid: int, *, folder: Path) -> tuple[Path, ...]:
    """The checkpoints that the driver with this process id has made; `folder` is its folder for temporary files."""
    return tuple(sorted(folder.glob(f"{_prefix(name)}{pid}-*")))


def _prefix(name: str) -> str:
    return f"marketpulse-{name}-"
