"""Records cut at their quotation marks: the pieces of many records as one Arrow array over the bytes as they came."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from marketpulse.stream.arrays import Integers, Texts, pc, taken

Characters = np.ndarray[Any, np.dtype[np.uint8]]

_QUOTE, _BACKSLASH, _BLANK = b'"\\ '
# So many bytes at a time stay in a core's own cache.
_TILE = 1 << 17


@dataclass(frozen=True, slots=True)
class Cut:
    """`values` are the records' texts, empty where one is none; `quotes` counts the marks of each, 0 where a record has
    an escape or a control character, or is no UTF-8."""

    values: Texts
    quotes: Integers
    _first: Integers
    _pieces: Texts

    def piece(self, number: int, rows: Integers) -> Texts:
        """What follows the mark of that number, from 1, in each of the rows, up to the next mark."""
        return taken(self._pieces, 2 * (self._first[rows] + number) - 1)


def cut(values: Any) -> Cut:
    """Cut the values of records, an Arrow array of binary values."""
    texts = _texts(values)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    characters = np.frombuffer(data or b"", np.uint8)[: ends[-1]]
    marks, strange = _marks(characters, int(ends[0]))
    places = np.searchsorted(marks, ends)
    quotes = np.diff(places)
    quotes[np.searchsorted(ends, strange, side="right") - 1] = 0
    # Between the pieces stand the marks themselves, so that the pieces are neighbours in memory, as Arrow wants it.
    bounds = np.empty(2 * len(marks) + 1, np.int32)
    bounds[0:-1:2] = marks
    bounds[1::2] = marks + 1
    bounds[-1] = len(characters)
    pieces = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds.data), data)
    return Cut(texts, quotes, places[:-1], pieces)


def _marks(characters: Characters, start: int) -> tuple[Integers, Integers]:
    """Where the quotation marks are, and where backslashes and control characters."""
    marks, strange = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(start, len(characters), _TILE):
        tile = characters[begin : begin + _TILE]
        marks.append(np.flatnonzero(tile == _QUOTE) + begin)
        if tile.min() < _BLANK or (tile == _BACKSLASH).any():
            strange.append(np.flatnonzero((tile < _BLANK) | (tile == _BACKSLASH)) + begin)
    return np.concatenate(marks), np.concatenate(strange)


def _texts(values: Any) -> Texts:
    if values.null_count:
        values = pc.fill_null(values, b"")
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value if _is_utf8(value) else "" for value in values.to_pylist()], pa.string())


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
