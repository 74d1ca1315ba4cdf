"""What every kind of event carries, put together in one place; a kind adds only what is its own."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypedDict

from marketpulse.events.event import Action, Basis, Feed, Precision, SessionPart
from marketpulse.events.identity import Ids
from marketpulse.events.timestamps import format_ns


class Envelope(TypedDict):
    """The fields of `Event` by name, to be spread into a kind's constructor."""

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
    delay_s: int | None
    currency: str | None
    quality: tuple[str, ...]
    extra: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the events of one answer, or of one file, come from, and when they were got."""

    provider: str
    endpoint: str
    feed: Feed
    synthetic: bool
    requested_at: datetime
    received_at: datetime
    delay_s: int | None = None
    currency: str | None = None

    def envelope(
        self,
        ids: Ids,
        symbol: str,
        *,
        action: Action,
        event_time_ns: int,
        precision: Precision,
        basis: Basis,
        place: tuple[date, SessionPart],
        quality: tuple[str, ...] = (),
        extra: dict[str, str] | None = None,
    ) -> Envelope:
        """The envelope of one event. `place` is its trading date and session part; `extra` what has no field."""
        return {
            "schema_version": 1,
            "entity_id": ids[0],
            "event_id": ids[1],
            "action": action,
            "provider": self.provider,
            "endpoint": self.endpoint,
            "feed": self.feed,
            "synthetic": self.synthetic,
            "symbol": symbol,
            "provider_symbol": symbol,
            "session_part": place[1],
            "trading_date": place[0],
            "event_at": format_ns(event_time_ns),
            "event_time_ns": event_time_ns,
            "event_time_precision": precision,
            "event_time_basis": basis,
            "requested_at": self.requested_at,
            "received_at": self.received_at,
            "delay_s": self.delay_s,
            "currency": self.currency,
            "quality": quality,
            "extra": extra or {},
        }
