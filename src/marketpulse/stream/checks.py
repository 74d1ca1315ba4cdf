"""The contract's checks on whole columns: where each value is one that marketpulse.events.codec accepts, or may be one.

A value that a check refuses is not wrong: the codec judges its record.
"""

from datetime import date, datetime

import msgspec
import numpy as np
import pyarrow as pa

from marketpulse.events.number import PRICE_PATTERN
from marketpulse.events.timestamps import NS_PER_DAY, datetime_ns, format_ns, rfc3339_ns
from marketpulse.stream.arrays import Integers, Mask, Texts, mask_of, pc
from marketpulse.stream.record import NAME_LIMIT
from marketpulse.stream.row import time_text

# Below 2^63; a whole piece with the colon and the comma around the number.
_COUNT = "^:(0|[1-9][0-9]{0,17}|[1-8][0-9]{18}),$"
_ID = "^[0-9a-f]{32}$"
# With the largest price, of twelve digits, still below every limit of a sum.
_SIZE = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$"
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_EVENT_AT = "1970-01-01T00:00:00.000000000Z"
_MINUTE_END = len("1970-01-01T00:00:")
_DIGITS = (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_WEIGHTS = 10 ** np.arange(len(_DIGITS) - 1, -1, -1, dtype=np.int64)


def are_ids(texts: Texts) -> Mask:
    return mask_of(pc.match_substring_regex(texts, _ID))


def are_names(texts: Texts) -> Mask:
    """A symbol: some text that is not too long for an index."""
    lengths: Integers = pc.binary_length(texts).to_numpy()
    return (lengths > 0) & (lengths <= NAME_LIMIT)


def are_numbers(texts: Texts, pattern: str) -> Mask:
    """Decimal strings of a pattern of marketpulse.events.number."""
    return mask_of(pc.match_substring_regex(texts, pattern))


def are_trades(prices: Texts, sizes: Texts) -> Mask:
    """A price above zero and a size, small enough for every sum of a bar."""
    above_zero = mask_of(pc.match_substring_regex(prices, "[1-9]"))
    return above_zero & are_numbers(prices, PRICE_PATTERN) & are_numbers(sizes, _SIZE)


def counts(pieces: Texts) -> tuple[Texts, Integers, Mask]:
    """The whole numbers in pieces of a layout, as texts and numbers (0 where one is none), and where they are some."""
    good = pc.match_substring_regex(pieces, _COUNT)
    texts = pc.if_else(good, pc.utf8_slice_codeunits(pieces, 1, -1), "0")
    return texts, texts.cast(pa.int64()).to_numpy(), mask_of(good)


def are_moments(texts: Texts, event_time_ns: Integers) -> Mask:
    """Whether each `event_at` is the contract's text of that time."""
    good = mask_of(pc.equal(pc.binary_length(texts), len(_EVENT_AT)))
    if not good.all():
        texts = pc.if_else(good, texts, _EVENT_AT)
    minutes = pc.binary_slice(texts.cast(pa.binary()), 0, _MINUTE_END).dictionary_encode()
    starts = np.array([_minute_ns(text) for text in minutes.dictionary.to_pylist()], np.int64)
    characters = np.frombuffer(texts.buffers()[2], np.uint8)
    begin = int(np.frombuffer(texts.buffers()[1], np.int32)[texts.offset])
    second = characters[begin : begin + len(_EVENT_AT) * len(texts)].reshape(-1, len(_EVENT_AT))[:, _MINUTE_END:]
    digits = second[:, _DIGITS] - ord("0")
    good &= (digits <= 9).all(axis=1) & (digits[:, 0] <= 5) & (second[:, 2] == ord(".")) & (second[:, 12] == ord("Z"))
    within = digits.astype(np.int64) @ _WEIGHTS
    good &= starts[minutes.indices.to_numpy()] + within == event_time_ns
    return good


def _minute_ns(text: bytes) -> int:
    """The nanoseconds of a minute's text; so far in the past when it is none that no sum leads back to 1970."""
    try:
        ns = rfc3339_ns(f"{text.decode('ascii')}00Z")
    except ValueError:
        return -(2**62)
    return ns if format_ns(ns).encode()[:_MINUTE_END] == text else -(2**62)


def are_near(event_time_ns: Integers, trading_date: date, earliest: int, latest: int) -> Mask:
    """Whether the trading date is so many days from the day of the event, in UTC."""
    distance = trading_date.toordinal() - _EPOCH_DAY - event_time_ns // NS_PER_DAY
    return (distance >= earliest) & (distance <= latest)


def times(texts: Texts) -> tuple[Texts, Integers, Mask]:
    """Times of receipt for COPY and in microseconds, each different one read once by the contract's own reader."""
    encoded = texts.dictionary_encode()
    known = [_time(text) for text in encoded.dictionary.to_pylist()]
    indices = encoded.indices
    written = pa.array([text for text, _ in known], pa.string()).take(indices)
    micros = np.array([us for _, us in known], np.int64)[indices.to_numpy()]
    return written, micros, mask_of(written.is_valid())


def _time(text: str) -> tuple[str | None, int]:
    try:
        at = msgspec.convert(text, datetime, strict=True)
        if at.tzinfo is None:
            return None, 0
        return time_text(at), datetime_ns(at) // 1000
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None, 0
