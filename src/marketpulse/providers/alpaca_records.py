"""Alpaca's records (trade, quote, bar) as events: which wire name is which field, and what makes one unusable.

Every function here is pure and raises RecordError for a record that no event can hold.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from marketpulse.events.conditions import UNMAPPED_FLAG
from marketpulse.events.envelope import Provenance
from marketpulse.events.event import Bar, Quote, SessionPart, Trade, VolumeScope
from marketpulse.events.identity import bar_ids, quote_ids, trade_ids
from marketpulse.events.number import price_number, quote_number, size_number
from marketpulse.events.session import SessionCalendar
from marketpulse.events.timestamps import NS_PER_MINUTE, datetime_ns, ns_datetime
from marketpulse.providers.alpaca_fields import (
    count,
    rounded,
    text,
    texts,
    time_ns,
    trade_action,
    trade_id_text,
    unmapped,
)

PROVIDER = "alpaca"
MINUTE, DAY = "PT1M", "P1D"

_EXCHANGE_ZONE = ZoneInfo("America/New_York")
# A spread of more than this part of the middle price cannot come from a whole market's book.
_WIDE_SPREAD = Decimal("0.05")

_TRADE_FIELDS = frozenset("tpsixzc")
_QUOTE_FIELDS = frozenset({"t", "bp", "bs", "bx", "ap", "as", "ax", "z", "c"})
_BAR_FIELDS = frozenset({"t", "o", "h", "l", "c", "v", "n", "vw"})


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What all records of one answer share. Events later than `skew_limit_ns` are flagged clock_skew."""

    provenance: Provenance
    volume_scope: VolumeScope
    conditions_mapped: bool
    calendar: SessionCalendar
    skew_limit_ns: int | None


def trade_event(record: dict[str, Any], symbol: str, page: PageFacts) -> Trade:
    """One execution; `u` canceled or incorrect takes the trade back."""
    ns = time_ns(record)
    price, size = price_number("p", record.get("p")), size_number("s", record.get("s"))
    trade_id, exchange, tape = trade_id_text(record.get("i")), text(record, "x"), text(record, "z")
    action = trade_action(record.get("u"))
    ids = trade_ids(
        PROVIDER,
        page.provenance.feed,
        symbol=symbol,
        exchange=exchange or "",
        trf="",
        trade_id=trade_id,
        event_time_ns=ns,
        price=price,
        size=size,
        action=action,
    )
    quality = _skew(ns, page)
    return Trade(
        **page.provenance.envelope(
            ids,
            symbol,
            action=action,
            event_time_ns=ns,
            precision="ns",
            basis="trade",
            place=page.calendar.place(ns),
            quality=quality if page.conditions_mapped else (*quality, UNMAPPED_FLAG),
            extra=unmapped(record, _TRADE_FIELDS),
        ),
        price=price,
        size=size,
        trade_id=trade_id,
        exchange=exchange,
        tape=tape,
        conditions=texts(record, "c"),
        volume_scope=page.volume_scope,
    )


def quote_event(record: dict[str, Any], symbol: str, page: PageFacts) -> Quote:
    """Best bid and ask. The unit of the sizes is not documented: unknown."""
    ns = time_ns(record)
    bid, ask = quote_number("bp", record.get("bp")), quote_number("ap", record.get("ap"))
    bid_size, ask_size = size_number("bs", record.get("bs")), size_number("as", record.get("as"))
    bid_exchange, ask_exchange = text(record, "bx"), text(record, "ax")
    ids = quote_ids(
        PROVIDER,
        page.provenance.feed,
        symbol=symbol,
        event_time_ns=ns,
        bid=bid,
        bid_size=bid_size,
        bid_exchange=bid_exchange or "",
        ask=ask,
        ask_size=ask_size,
        ask_exchange=ask_exchange or "",
    )
    return Quote(
        **page.provenance.envelope(
            ids,
            symbol,
            action="new",
            event_time_ns=ns,
            precision="ns",
            basis="quote",
            place=page.calendar.place(ns),
            quality=(*_skew(ns, page), *_quote_flags(bid, ask)),
            extra=unmapped(record, _QUOTE_FIELDS),
        ),
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        bid_exchange=bid_exchange,
        ask_exchange=ask_exchange,
        tape=text(record, "z"),
        conditions=texts(record, "c"),
    )


def bar_event(
    record: dict[str, Any], symbol: str, page: PageFacts, *, interval: str, is_final: bool | None = None
) -> Bar:
    """A minute or a day (interval MINUTE or DAY) of the provider's own bars, unadjusted."""
    start_ns = time_ns(record)
    prices = {name: price_number(name, record.get(name)) for name in ("o", "h", "l", "c")}
    volume = size_number("v", record.get("v"))
    wire_vwap, trade_count = record.get("vw"), count(record, "n")
    vwap = None if wire_vwap is None else price_number("vw", rounded(wire_vwap))
    ids = bar_ids(
        PROVIDER,
        page.provenance.feed,
        symbol=symbol,
        interval=interval,
        bar_start_ns=start_ns,
        adjustment="raw",
        open_=prices["o"],
        high=prices["h"],
        low=prices["l"],
        close=prices["c"],
        volume=volume,
        vwap=wire_vwap,
        trade_count=trade_count,
    )
    mapped, quality = _BAR_FIELDS, _skew(start_ns, page)
    if not prices["l"] <= min(prices["o"], prices["c"]) <= max(prices["o"], prices["c"]) <= prices["h"]:
        quality = (*quality, "ohlc_inconsistent")
    if vwap != wire_vwap:
        mapped, quality = mapped - {"vw"}, (*quality, "rounded")
    place: tuple[date, SessionPart]
    if interval == MINUTE:
        place, end_ns = page.calendar.place(start_ns), start_ns + NS_PER_MINUTE
    else:
        trading_date, end_ns = _day(start_ns)
        place = (trading_date, "regular")
    return Bar(
        **page.provenance.envelope(
            ids,
            symbol,
            action="upsert",
            event_time_ns=start_ns,
            precision="min" if interval == MINUTE else "day",
            basis="bar_start",
            place=place,
            quality=quality,
            extra=unmapped(record, mapped),
        ),
        interval=interval,
        bar_start_ns=start_ns,
        bar_end_ns=end_ns,
        adjustment="raw",
        open=prices["o"],
        high=prices["h"],
        low=prices["l"],
        close=prices["c"],
        volume=volume,
        vwap=vwap,
        trade_count=trade_count,
        is_final=is_final,
        volume_scope=page.volume_scope,
    )


def _day(start_ns: int) -> tuple[date, int]:
    """Date and end of a daily bar, which starts at midnight in New York, or in UTC where the market never closes."""
    start = ns_datetime(start_ns)
    local = start.astimezone(_EXCHANGE_ZONE)
    if (local.hour, local.minute) == (0, 0):
        start = local
    return start.date(), datetime_ns(start + timedelta(days=1))


def _skew(ns: int, page: PageFacts) -> tuple[str, ...]:
    return ("clock_skew",) if page.skew_limit_ns is not None and ns > page.skew_limit_ns else ()


def _quote_flags(bid: Decimal, ask: Decimal) -> tuple[str, ...]:
    if not bid or not ask:
        return ("placeholder_quote",)
    if bid > ask:
        return ("crossed",)
    return ("wide_spread",) if (ask - bid) * 2 > (ask + bid) * _WIDE_SPREAD else ()
