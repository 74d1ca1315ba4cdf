"""Where a benchmark leaves its table: a file of docs/benchmarks/, whole at any moment."""

import os
import platform
from pathlib import Path

from marketpulse.local.layout import project_dir

FOLDER = project_dir() / "docs" / "benchmarks"


def write_table(path: Path, *, title: str, command: str, setup: str, table: str) -> None:
    """Replace the file by the table and what one has to know to read it."""
    cores = f"{os.cpu_count()} cores, {platform.machine()}, everything on one machine"
    text = f"# {title}\n\nWritten by `{command}`. {setup} {cores[0].upper()}{cores[1:]}.\n\n{table}"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
