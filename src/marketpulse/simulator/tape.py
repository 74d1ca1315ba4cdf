"""A recorded file as a day of the market: every line is a trade of its own, visible at its own time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from marketpulse.errors import OperatorError
from marketpulse.events.recording import Recording, opened_recording, recorded_zone
from marketpulse.events.session import Session, SessionCalendar
from marketpulse.events.timestamps import NS_PER_MILLISECOND, NS_PER_SECOND, datetime_ns, local_ns
from marketpulse.simulator.rows import FACT, NEVER, NO_AUCTION, STAYS, DayRows, IntArray, Trades
from marketpulse.simulator.wire import conditions_text, decimal_text, time_text

SYMBOL = re.compile(r"[A-Z]{1,5}(\.[A-Z]{1,2})?")
_NUMBER = re.compile(r"(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)
_AT = re.compile(r"(.{16}):([0-5]\d)(?:\.(\d{1,9}))?", re.ASCII)
_CODE = re.compile(r"[\w@+ .:-]{0,40}", re.ASCII)
_MOST_PRODUCT_DIGITS = 9


class TapeSource(msgspec.Struct, frozen=True):
    """Which file is played, as which symbol, in which local time."""

    path: str
    symbol: str
    timezone: str


@dataclass(frozen=True, slots=True)
class _Line:
    event_ns: int
    price: tuple[int, int]
    size: tuple[int, int]
    exchange: str
    conditions: str


def load_tape(source: TapeSource, sessions: SessionCalendar) -> DayRows:
    """Reads and checks the whole file. Raises OperatorError that names the file and the line."""
    if not SYMBOL.fullmatch(source.symbol):
        raise OperatorError(f"symbol {source.symbol!r} is not usable: use upper-case letters, such as BAC or BRK.B")
    zone = recorded_zone(source.timezone)
    path = Path(source.path)
    with opened_recording(path) as recording:
        lines = list(_lines(recording, path, source.timezone))
    if not lines:
        raise OperatorError(f"tape {path} holds no trades")
    days = {datetime.fromtimestamp(line.event_ns // 10**9, zone).date() for line in (lines[0], lines[-1])}
    if len(days) > 1:
        raise OperatorError(f"tape {path} spans more than one day ({min(days)} to {max(days)}): split it by day")
    day = days.pop()
    return _rows(lines, source.symbol, _session(sessions, day, zone), datetime_ns(datetime.combine(day, time(), zone)))


def _lines(recording: Recording, path: Path, timezone: str) -> Iterator[_Line]:
    for number, fields in recording:
        try:
            at, price, size, exchange, conditions = recording.row(fields)
            if not _are_codes(exchange, conditions):
                raise ValueError("unusual characters in exchange or conditions")
            yield _Line(_time(at, timezone), _scaled(price), _scaled(size), exchange, conditions)
        except ValueError as error:
            raise OperatorError(f"tape {path}, line {number}: {error}") from None


def _time(text: str, timezone: str) -> int:
    match = _AT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a local time: {text[:40]!r}")
    return _minute(match[1], timezone) + int(match[2]) * NS_PER_SECOND + int((match[3] or "").ljust(9, "0"))


# Reading a zone's rules costs more than all the rest of a line, and a minute holds many lines.
@lru_cache(maxsize=4096)
def _minute(text: str, timezone: str) -> int:
    return local_ns(text + ":00", timezone)


# Prices, sizes and codes repeat by the thousand within a file.
@lru_cache(maxsize=65_536)
def _are_codes(exchange: str, conditions: str) -> bool:
    return bool(_CODE.fullmatch(exchange) and _CODE.fullmatch(conditions))


@lru_cache(maxsize=65_536)
def _scaled(text: str) -> tuple[int, int]:
    """A decimal above zero as an integer and its number of decimals."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"not a number with at most six decimals: {text[:40]!r}")
    fraction = (match[2] or "").rstrip("0")
    value = int(match[1] + fraction)
    if not value:
        raise ValueError("a price or size of zero is no trade")
    return value, len(fraction)


def _session(sessions: SessionCalendar, day: date, zone: ZoneInfo) -> Session:
    session = sessions.session(day)
    if session is not None:
        return session
    start, end = (datetime.combine(day, at, zone) for at in (time(), time(23, 59, 59)))
    return Session(sessions.name, day, start, start, end, end)


def _rows(lines: list[_Line], symbol: str, session: Session, day_start_ns: int) -> DayRows:
    price_digits = max(line.price[1] for line in lines)
    size_digits = max(line.size[1] for line in lines)
    if price_digits + size_digits > _MOST_PRODUCT_DIGITS:
        raise OperatorError("the tape's prices and sizes have too many decimals together: at most nine")
    # The file's order is kept among lines of the same time; a line out of order moves to its place in time.
    event_ns = np.array([line.event_ns for line in lines], dtype=np.int64)
    order = np.argsort(event_ns, kind="stable")
    event_ns = event_ns[order]
    count = len(lines)
    open_ns, close_ns = datetime_ns(session.open_at), datetime_ns(session.close_at)
    everything = np.ones(count, dtype=np.bool_)
    trades = Trades(
        event_ns=event_ns,
        visible_ns=event_ns,
        changed_ns=np.full(count, NEVER, dtype=np.int64),
        change=np.full(count, STAYS, dtype=np.uint8),
        kind=np.full(count, FACT, dtype=np.uint8),
        price=np.array([v * 10 ** (price_digits - d) for v, d in (line.price for line in lines)], dtype=np.int64)[
            order
        ],
        size=np.array([v * 10 ** (size_digits - d) for v, d in (line.size for line in lines)], dtype=np.int64)[order],
        adds_volume=everything,
        sets_price=everything,
        in_regular=(event_ns >= open_ns) & (event_ns < close_ns),
        auction=np.full(count, NO_AUCTION, dtype=np.uint8),
        on_free_feed=~everything,
    )
    ids = _trade_ids(event_ns)
    wire = tuple(_text(lines[place], trade_id) for place, trade_id in zip(order.tolist(), ids, strict=True))
    return DayRows(symbol, session.trading_date, session, day_start_ns, price_digits, size_digits, trades, wire, {})


def _trade_ids(event_ns: IntArray) -> list[int]:
    """Numbers in the order of time, from 1 in every millisecond: readers tell trades of one stamp apart, and keep their
    order, by number. A line more or less in the file leaves the ids of every other millisecond as they were."""
    stamps = event_ns // NS_PER_MILLISECOND
    _, starts, counts = np.unique(stamps, return_index=True, return_counts=True)
    ids: list[int] = (np.arange(len(stamps)) - np.repeat(starts, counts) + 1).tolist()
    return ids


def _text(line: _Line, trade_id: int) -> bytes:
    codes = conditions_text((line.conditions,)) if line.conditions else "[]"
    return (
        f'{{"t":"{time_text(line.event_ns)}","x":"{line.exchange}","p":{decimal_text(*line.price)}'
        f',"s":{decimal_text(*line.size)},"c":{codes},"i":{trade_id}}}'
    ).encode()
