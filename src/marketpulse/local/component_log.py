"""A component's log, as `marketpulse logs` shows it."""

import time
from collections.abc import Iterator
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.local.layout import Layout

PAUSE_S = 0.3


def log_lines(name: str, *, follow: bool = False) -> Iterator[str]:
    """A component's log, from its beginning; with `follow` it never ends. Raises OperatorError on an unknown name."""
    layout = Layout.current()
    path = layout.log(name)
    if not path.exists():
        known = sorted(file.stem for file in layout.logs.glob("*.log"))
        raise OperatorError(f"there is no log {name!r}: use one of {', '.join(known) or '(no stack was started yet)'}")
    return _lines(path, follow=follow)


def _lines(path: Path, *, follow: bool) -> Iterator[str]:
    while True:
        with path.open(encoding="utf-8", errors="replace") as file:
            identity = path.stat().st_ino
            while True:
                line = file.readline()
                if line:
                    yield line.rstrip("\n")
                elif not follow:
                    return
                elif path.exists() and path.stat().st_ino != identity:
                    # The log was rotated.
                    break
                else:
                    time.sleep(PAUSE_S)
