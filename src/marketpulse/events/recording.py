"""A recorded file of trades: comma-separated text in UTF-8, plain or gzip, whose first line names the columns.

`time`, `price` and `size` must be there, `exchange` and `conditions` may be; order and further columns do not matter,
empty lines are passed over. What the texts of a line mean is for those who play the file.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marketpulse.errors import OperatorError


class Row(NamedTuple):
    """One line by column. What a file does not have is the empty text."""

    time: str
    price: str
    size: str
    exchange: str
    conditions: str


_REQUIRED = Row._fields[:3]


class Recording:
    """An opened file, to be read once from its start."""

    def __init__(self, path: Path, stream: Iterable[str]) -> None:
        self._reader = csv.reader(stream)
        header = next(self._reader, [])
        missing = sorted(set(_REQUIRED).difference(header))
        if missing:
            raise OperatorError(
                f"{path} has no column {', '.join(missing)}: its first line must name them, and is"
                f" {','.join(header)[:80]!r}"
            )
        self._width = len(header)
        self._places = [header.index(name) if name in header else self._width for name in Row._fields]

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The fields of every line, with its number in the file."""
        return ((self._reader.line_num, fields) for fields in self._reader if fields)

    def row(self, fields: list[str]) -> Row:
        """The fields by column. Raises ValueError when there are more or fewer of them than columns."""
        if len(fields) != self._width:
            raise ValueError(f"{len(fields)} fields, the first line names {self._width} columns")
        padded = [*fields, ""]
        return Row._make(padded[place] for place in self._places)


@contextmanager
def opened_recording(path: Path) -> Iterator[Recording]:
    """Raises OperatorError when the file cannot be read, also from inside the block."""
    try:
        with _opened(path) as stream:
            yield Recording(path, stream)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or not gzip"
        raise OperatorError(f"{path} cannot be read: {reason}") from None
    except (UnicodeDecodeError, csv.Error):
        raise OperatorError(f"{path} is not plain text in UTF-8: give a csv or csv.gz file") from None


def recorded_zone(name: str) -> ZoneInfo:
    """The zone of a file's times. Raises OperatorError when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OperatorError(f"unknown timezone {name!r}: use a name such as America/New_York") from None


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="") if packed else path.open(encoding="utf-8", newline="") as f
    ):
        yield f
