"""What a request to the Alpaca face asks for, checked; and the places where its pages continue."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketpulse.events.timestamps import NS_PER_DAY, datetime_ns, rfc3339_ns
from marketpulse.simulator.market import FEEDS
from marketpulse.simulator.tape import SYMBOL

_DEFAULT_LIMIT, _LARGEST_LIMIT = 1000, 10_000
_TIMEFRAME = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D)")
_ADJUSTMENTS = ("raw", "split", "dividend", "all")


class RefusalError(Exception):
    """The provider's answer to a request that it does not serve: an HTTP status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a symbol's day: a page continues behind it."""

    symbol: str
    trading_date: date
    row: int

    def token(self) -> str:
        text = f"{self.symbol}|{self.trading_date.isoformat()}|{self.row}"
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def of(cls, token: str) -> "Place":
        try:
            symbol, day, row = base64.b64decode(token.encode(), validate=True).decode().split("|")
            return cls(symbol, date.fromisoformat(day), int(row))
        except ValueError:
            raise RefusalError(400, "invalid page_token") from None


@dataclass(frozen=True, slots=True)
class Range:
    """A checked request for history. Times are nanoseconds, both ends inclusive."""

    symbols: tuple[str, ...]
    feed: str
    start_ns: int
    end_ns: int
    limit: int
    place: Place | None


def symbols_of(params: Mapping[str, str]) -> tuple[str, ...]:
    """The symbols asked for, sorted; one that cannot be a symbol refuses the whole request."""
    symbols = sorted({part.strip() for part in params.get("symbols", "").split(",")} - {""})
    if not symbols:
        raise RefusalError(400, "symbols is required")
    for symbol in symbols:
        if not SYMBOL.fullmatch(symbol):
            raise RefusalError(400, f"invalid symbol: {symbol}")
    return tuple(symbols)


def feed_of(params: Mapping[str, str], default: str) -> str:
    feed = params.get("feed") or default
    if feed not in FEEDS:
        raise RefusalError(400, f"invalid feed: {feed}")
    return feed


def range_of(params: Mapping[str, str], *, feed: str, now_ns: int, newest_ns: int) -> Range:
    """`newest_ns` is the default end: the newest moment that the caller's plan may see."""
    if params.get("sort", "asc") != "asc":
        raise RefusalError(422, "invalid sort: only asc is simulated")
    limit_text = params.get("limit", str(_DEFAULT_LIMIT))
    if not (limit_text.isdecimal() and 1 <= int(limit_text) <= _LARGEST_LIMIT):
        raise RefusalError(422, f"invalid limit: {limit_text[:20]}")
    start_ns = _time(params, "start", now_ns // NS_PER_DAY * NS_PER_DAY, end_of_day=False)
    end_ns = _time(params, "end", newest_ns, end_of_day=True)
    token = params.get("page_token")
    return Range(symbols_of(params), feed, start_ns, end_ns, int(limit_text), Place.of(token) if token else None)


def timeframe_of(params: Mapping[str, str]) -> int:
    """Minutes in a bar; 1440 stands for a trading day."""
    text = params.get("timeframe", "")
    match = _TIMEFRAME.fullmatch(text)
    if match is None:
        raise RefusalError(400, f"invalid timeframe: {text[:20]}")
    count, unit = int(match[1]), match[2][0]
    minutes = {"M": count, "T": count, "H": 60 * count, "D": 1440 * count}[unit]
    if not (minutes == 1440 or (unit != "D" and 1 <= count <= (59 if unit in "MT" else 23))):
        raise RefusalError(400, f"invalid timeframe: {text[:20]}")
    if params.get("adjustment", "raw") not in _ADJUSTMENTS:
        raise RefusalError(400, f"invalid adjustment: {params['adjustment'][:20]}")
    return minutes


def _time(params: Mapping[str, str], name: str, default_ns: int, *, end_of_day: bool) -> int:
    text = params.get(name)
    if not text:
        return default_ns
    try:
        if len(text) == len("2026-01-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return datetime_ns(day + timedelta(days=1)) - 1 if end_of_day else datetime_ns(day)
        return rfc3339_ns(text)
    except ValueError:
        raise RefusalError(400, f"invalid {name}: {text[:40]}") from None
