"""Records cut at their quotation marks: the pieces of many records as one Arrow array over the bytes as they came."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from marketpulse.stream.arrays import Integers, Mask, Texts, pc, taken

_QUOTE, _BACKSLASH, _BLANK = b'"\\ '


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
    """Cut the values of records."""
    texts = _texts(values)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    characters = np.frombuffer(data or b"", np.uint8)
    start, end = int(ends[0]), int(ends[-1])
    inside = characters[start:end]
    marks = np.flatnonzero(inside == _QUOTE) + start
    places = np.searchsorted(marks, ends)
    quotes = np.diff(places)
    if len(inside) and (int(inside.min()) < _BLANK or (inside == _BACKSLASH).any()):
        quotes[_rows_with((inside < _BLANK) | (inside == _BACKSLASH), ends - start)] = 0
    # Between the pieces stand the marks themselves, so that the pieces are neighbours in memory, as Arrow wants it.
    bounds = np.empty(2 * len(marks) + 1, np.int32)
    bounds[0:-1:2] = marks
    bounds[1::2] = marks + 1
    bounds[-1] = end
    pieces = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds.data), data)
    return Cut(texts, quotes, places[:-1], pieces)


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


def _rows_with(mask: Mask, ends: Integers) -> Any:
    """The rows in which a byte is marked."""
    return np.unique(np.searchsorted(ends, np.flatnonzero(mask), side="right") - 1)
