"""Writes reports where people find them."""

import os
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.report.page import render
from marketpulse.report.reading import read_session
from marketpulse.settings import Settings, state_dir


def report_dir(settings: Settings) -> Path:
    """The folder of the reports: the setting's, else `reports` in the state folder."""
    return Path(settings.report_dir) if settings.report_dir else state_dir() / "reports"


def report_path(folder: Path, trading_date: date) -> Path:
    """Where the report of a session lies."""
    return folder / f"{trading_date.isoformat()}.html"


def write_report(dsn: str, trading_date: date, path: Path, *, generated_at: datetime | None = None) -> Path:
    """Make one session's report and put it in place at once: who opens the file sees the old page or the new one.

    Raises what `read_session` raises, and OperatorError when the file cannot be written.
    """
    page = render(read_session(dsn, trading_date), generated_at or datetime.now(UTC))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, page)
    except OSError as error:
        raise OperatorError(f"the report cannot be written to {path} ({error.strerror}): choose another file") from None
    return path


def _replace(path: Path, text: str) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # Made private by mkstemp; the web server that shows it may be somebody else.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
