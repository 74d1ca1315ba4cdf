"""Who a fact is (`entity_id`) and which version of it (`event_id`): 32 hex digits each, equal on every machine.

An identical poll yields the same pair; a revised fact keeps its entity and gets a new event id. Ids hash the *family*
of a feed, so that a plan upgrade from delayed to real time does not duplicate history. Trade identity floors its stamp
to milliseconds, because the same trade reaches us with ms over one transport and ns over another.
Absent text is the empty string. Numbers pass through `canon`, so 86.4900 and 86.49 are the same version.
"""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

Number = Decimal | int | str | None
Ids = tuple[str, str]

_SEPARATOR = "\x1f"
_FAMILIES = {"delayed_sip": "sip"}


def canon(value: Number) -> str:
    """Shortest plain text of a number; empty when absent. Raises ValueError when not finite or not a number.

    >>> canon("86.4900"), canon("1E+2"), canon("-0.0")
    ('86.49', '100', '0')
    """
    if value is None or value == "":
        return ""
    if type(value) is int:
        return str(value)
    try:
        number = value if isinstance(value, Decimal) else Decimal(value)
    except ArithmeticError:
        raise ValueError(f"not a number: {str(value)[:40]!r}") from None
    if not number.is_finite():
        raise ValueError("not finite")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def digest32(*parts: str) -> str:
    """The first 32 hex digits of SHA-256 over the parts, joined by the unit separator."""
    return hashlib.sha256(_SEPARATOR.join(parts).encode("utf-8")).hexdigest()[:32]


def feed_family(feed: str) -> str:
    """The feed under which a fact is hashed."""
    return _FAMILIES.get(feed, feed)


def feeds_alike(feed: str) -> tuple[str, ...]:
    """The other feeds that tell the same facts under the same ids."""
    family = feed_family(feed)
    known = {family, *(name for name, other in _FAMILIES.items() if other == family)}
    return tuple(sorted(known - {feed}))


def trade_ids(
    provider: str,
    feed: str,
    *,
    symbol: str,
    exchange: str,
    trf: str,
    trade_id: str,
    event_time_ns: int,
    price: Number,
    size: Number,
    action: str = "new",
) -> Ids:
    entity = digest32(
        "1", "trade", provider, feed_family(feed), symbol, exchange, trf, trade_id, str(event_time_ns // 1_000_000)
    )
    return entity, digest32(entity, action, canon(price), canon(size))


def synthetic_trade_id(
    event_time: int | str, price: Number, size: Number, conditions: Iterable[str], ordinal: int
) -> str:
    """A trade id for a wire without one (a recorded file); `ordinal` counts identical trades of one frame from 0."""
    return "~" + "|".join([str(event_time), canon(price), canon(size), ",".join(sorted(conditions)), str(ordinal)])


def quote_ids(
    provider: str,
    feed: str,
    *,
    symbol: str,
    event_time_ns: int,
    bid: Number,
    bid_size: Number,
    bid_exchange: str,
    ask: Number,
    ask_size: Number,
    ask_exchange: str,
) -> Ids:
    entity = digest32("1", "quote", provider, feed_family(feed), symbol, str(event_time_ns))
    version = digest32(entity, canon(bid), canon(bid_size), bid_exchange, canon(ask), canon(ask_size), ask_exchange)
    return entity, version


def snapshot_ids(
    provider: str,
    feed: str,
    *,
    symbol: str,
    event_time_ns: int,
    last: Number,
    day_open: Number,
    day_high: Number,
    day_low: Number,
    day_volume: Number,
    prev_close: Number,
) -> Ids:
    """Part of the contract for providers to come; none of today's uses it."""
    entity = digest32("1", "snapshot", provider, feed_family(feed), symbol, str(event_time_ns))
    return entity, digest32(entity, *map(canon, (last, day_open, day_high, day_low, day_volume, prev_close)))


def bar_ids(
    provider: str,
    feed: str,
    *,
    symbol: str,
    interval: str,
    bar_start_ns: int,
    adjustment: str,
    open_: Number,
    high: Number,
    low: Number,
    close: Number,
    volume: Number,
    vwap: Number = None,
    trade_count: int | None = None,
) -> Ids:
    entity = digest32("1", "bar", provider, feed_family(feed), symbol, interval, str(bar_start_ns), adjustment)
    return entity, digest32(entity, *map(canon, (open_, high, low, close, volume, vwap, trade_count)))


def status_ids(provider: str, feed: str, *, symbol: str, event_time_ns: int, code: str, reason: str | None) -> Ids:
    """Part of the contract for providers to come; none of today's uses it."""
    entity = digest32("1", "status", provider, feed_family(feed), symbol, str(event_time_ns), code)
    return entity, digest32(entity, reason or "")


def dead_letter_id(provider: str, endpoint: str, feed: str, body: str) -> str:
    """The identity of a rejected record: the same body of the same endpoint and feed is the same dead letter."""
    return digest32("dead_letter", provider, endpoint, feed, body)
