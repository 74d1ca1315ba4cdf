"""The one record of the topic `stock_analysis`: a typed, frozen value, the same shape as include/schemas/event.json.

Prices and sizes are Decimal here and decimal strings on the wire. Absent fields are left out of the JSON.
Field meanings and units: include/schemas/event.json.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

Action = Literal["new", "correct", "cancel", "upsert"]
SessionPart = Literal["pre", "regular", "post", "overnight", "closed"]
Precision = Literal["ns", "us", "ms", "s", "min", "day"]
Basis = Literal["trade", "quote", "bar_start", "provider_refresh", "trading_day", "received"]
Feed = Literal[
    "iex", "sip", "delayed_sip", "provider", "otc", "boats", "overnight", "tape", "replay", "round_the_clock", "unknown"
]
# Feeds that no real provider has.
SIMULATED_FEEDS: frozenset[Feed] = frozenset({"tape", "round_the_clock"})
VolumeScope = Literal["consolidated", "venue_iex", "provider_partial", "unknown"]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event_type"):
    """What every kind of event carries. `producer_id` and `producer_seq` are set when the event is published."""

    schema_version: Literal[1]
    entity_id: str
    event_id: str
    action: Action
    provider: str
    endpoint: str
    feed: Feed
    synthetic: bool
    symbol: str
    provider_symbol: str
    session_part: SessionPart
    trading_date: date
    event_at: str
    event_time_ns: int
    event_time_precision: Precision
    event_time_basis: Basis
    requested_at: datetime
    received_at: datetime
    producer_id: str = ""
    producer_seq: int = 0
    delay_s: int | None = None
    mic: str | None = None
    currency: str | None = None
    quality: tuple[str, ...] = ()
    extra: dict[str, str] = {}


class Trade(Event, tag="trade", frozen=True, kw_only=True, omit_defaults=True):
    """One execution: an immutable fact with a price and a size in shares."""

    price: Decimal
    size: Decimal
    trade_id: str | None = None
    exchange: str | None = None
    trf: str | None = None
    tape: str | None = None
    sequence: str | None = None
    conditions: tuple[str, ...] = ()
    participant_time_ns: int | None = None
    volume_scope: VolumeScope = "unknown"


class Quote(Event, tag="quote", frozen=True, kw_only=True, omit_defaults=True):
    """Best bid and ask at one moment."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    bid_exchange: str | None = None
    ask_exchange: str | None = None
    quote_size_unit: Literal["shares", "round_lots", "unknown"] = "unknown"
    tape: str | None = None
    conditions: tuple[str, ...] = ()


class Snapshot(Event, tag="snapshot", frozen=True, kw_only=True, omit_defaults=True):
    """The provider's current view of a symbol: last price and day aggregates, no execution behind it.

    Part of the contract for providers to come; none of today's uses it.
    """

    last: Decimal | None = None
    day_open: Decimal | None = None
    day_high: Decimal | None = None
    day_low: Decimal | None = None
    day_volume: Decimal | None = None
    prev_close: Decimal | None = None
    change: Decimal | None = None
    change_percent: Decimal | None = None
    extended_price: Decimal | None = None
    volume_scope: VolumeScope = "unknown"


class Bar(Event, tag="bar", frozen=True, kw_only=True, omit_defaults=True):
    """The provider's own OHLCV over [bar_start_ns, bar_end_ns); may be revised until `is_final`."""

    interval: str
    bar_start_ns: int
    bar_end_ns: int
    adjustment: Literal["raw", "split", "all", "unknown"]
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: Decimal | None = None
    vwap: Decimal | None = None
    trade_count: int | None = None
    is_final: bool | None = None
    volume_scope: VolumeScope = "unknown"


class Status(Event, tag="status", frozen=True, kw_only=True, omit_defaults=True):
    """Halt, resume, or (from us) provider_stale.

    Part of the contract for providers to come; none of today's uses it.
    """

    status_code: str
    status_reason: str | None = None
    status_text: str | None = None


AnyEvent = Trade | Quote | Snapshot | Bar | Status


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record of the topic `stock_analysis.dead_letter`: what a provider sent and we could not represent.

    `dead_letter_id` is the identity of the rejected thing (same body of the same endpoint: same id), 32 hex digits.
    `body` is the offending wire text with keys redacted.
    """

    schema_version: Literal[1]
    dead_letter_id: str
    reason: str
    detail: str
    provider: str
    endpoint: str
    feed: str
    request: str
    body: str
    requested_at: datetime
    received_at: datetime
    symbol: str | None = None
    producer_id: str = ""
    producer_seq: int = 0
