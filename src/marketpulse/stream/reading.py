"""What a run of records holds: facts to land and dead letters. Pure: no database, no clock of its own.

Every record ends up in exactly one of the two lists; nothing is dropped and nothing raises for one bad record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from marketpulse.errors import RecordError
from marketpulse.events.codec import decode_dead_letter, decode_event
from marketpulse.events.identity import digest32
from marketpulse.settings import DEAD_LETTER_TOPIC
from marketpulse.stream.record import NAME_LIMIT, Origin, Record, guessed_origin, origin_of
from marketpulse.stream.row import copy_line

EARLIEST_DATE = date(1990, 1, 1)
DAYS_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Fact:
    """One record that holds an event, ready for COPY."""

    offset: int
    origin: Origin
    symbol: str
    event_type: str
    trading_date: date
    entity_id: str
    event_id: str
    received_at: datetime
    line: str
    record: Record


@dataclass(frozen=True, slots=True)
class Letter:
    """One record for ops.dead_letter: what the producer refused, or what the stream could not read or store.

    `dead_letter_id` None: the identity is the record's place in Kafka (`poison_id`).
    """

    offset: int
    origin: Origin
    dead_letter_id: str | None
    reason: str
    detail: str
    body: bytes
    provider: str | None = None
    endpoint: str | None = None
    feed: str | None = None
    symbol: str | None = None
    request: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts and dead letters of consecutive records of one partition."""

    facts: tuple[Fact, ...]
    letters: tuple[Letter, ...]

    def dates(self) -> list[date]:
        return sorted({fact.trading_date for fact in self.facts})

    def symbols(self) -> list[str]:
        return sorted({fact.symbol for fact in self.facts})

    def poison(self) -> list[Letter]:
        """What the stream itself could not read or store, by offset; not what a producer has rejected."""
        return sorted((letter for letter in self.letters if letter.dead_letter_id is None), key=lambda one: one.offset)

    def event_types(self) -> frozenset[str]:
        return frozenset(fact.event_type for fact in self.facts)

    def since(self, offset: int) -> "Reading":
        """The same from an offset on."""
        return Reading(
            tuple(fact for fact in self.facts if fact.offset >= offset),
            tuple(letter for letter in self.letters if letter.offset >= offset),
        )

    def without_dates(self, sealed: Iterable[date]) -> "Reading":
        """The same, with the facts of sealed days as dead letters."""
        gone = frozenset(sealed)
        if gone.isdisjoint(fact.trading_date for fact in self.facts):
            return self
        error = "the day's events were dropped by retention"
        letters = [poison(f.record, RecordError("sealed_day", error)) for f in self.facts if f.trading_date in gone]
        return Reading(tuple(f for f in self.facts if f.trading_date not in gone), (*self.letters, *letters))


def read_records(records: Sequence[Record], *, newest_date: date, condemned: frozenset[int] = frozenset()) -> Reading:
    """Facts and dead letters of the records. `condemned` offsets are those that Postgres refused to store.

    `newest_date` is today by the market's clock or the host's, whichever is later.
    """
    facts: list[Fact] = []
    letters: list[Letter] = []
    for record in records:
        try:
            if record.offset in condemned:
                raise RecordError("unstorable", "Postgres refused this record")
            if record.topic == DEAD_LETTER_TOPIC:
                letters.append(_letter(record))
            else:
                facts.append(_fact(record, newest_date))
        except RecordError as error:
            letters.append(poison(record, error))
    return Reading(tuple(facts), tuple(letters))


def poison(record: Record, error: RecordError) -> Letter:
    """The dead letter of a record that breaks the contract."""
    return Letter(
        offset=record.offset,
        origin=guessed_origin(record.value),
        dead_letter_id=None,
        reason=error.reason,
        detail=_plain(error.detail),
        body=record.value or b"",
    )


def poison_id(record: Record, topic_id: str, offset: int) -> str:
    """The identity of poison in the record's partition: a topic that was made anew gives its offsets out again."""
    return digest32("poison", record.topic, topic_id, str(record.partition), str(offset))


def _fact(record: Record, newest_date: date) -> Fact:
    if record.value is None:
        raise RecordError("not_json", "the record has no value")
    event = decode_event(record.value)
    if not EARLIEST_DATE <= event.trading_date <= newest_date + DAYS_AHEAD:
        raise RecordError("trading_date_out_of_range", f"{event.trading_date}, and the clocks are at {newest_date}")
    return Fact(
        offset=record.offset,
        origin=origin_of(event),
        symbol=event.symbol,
        event_type=str(event.__struct_config__.tag),
        trading_date=event.trading_date,
        entity_id=event.entity_id,
        event_id=event.event_id,
        received_at=event.received_at,
        line=copy_line(event, record),
        record=record,
    )


def _letter(record: Record) -> Letter:
    if record.value is None:
        raise RecordError("not_json", "the record has no value")
    dead = decode_dead_letter(record.value)
    if max(len(dead.provider), len(dead.producer_id)) > NAME_LIMIT or not 0 <= dead.producer_seq < 2**63:
        raise RecordError("unstorable", "provider, producer_id or producer_seq is out of range")
    origin = origin_of(dead)
    return Letter(
        offset=record.offset,
        origin=replace(origin, provider=_plain(origin.provider), producer_id=_plain(origin.producer_id)),
        dead_letter_id=dead.dead_letter_id,
        reason=_plain(dead.reason),
        detail=_plain(dead.detail),
        body=dead.body.encode("utf-8", errors="backslashreplace"),
        provider=_plain(dead.provider),
        endpoint=_plain(dead.endpoint),
        feed=_plain(dead.feed),
        symbol=None if dead.symbol is None else _plain(dead.symbol),
        request=_plain(dead.request),
        received_at=dead.received_at,
    )


def _plain(text: str) -> str:
    """Text that a text column takes, whatever was in it."""
    return text.replace("\x00", "\\u0000").encode("utf-8", errors="backslashreplace").decode("utf-8")
