"""What a run of records holds: facts to land and dead letters. Pure: no database, no clock of its own.

Every record ends up in exactly one of the two; nothing is dropped and nothing raises for one bad record. Most facts are
read in columns; every other record is read by itself, and that reading alone judges it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from marketpulse.errors import RecordError
from marketpulse.events.codec import decode_dead_letter, decode_event
from marketpulse.events.conditions import eligibility
from marketpulse.events.event import Trade
from marketpulse.events.identity import digest32
from marketpulse.events.timestamps import datetime_ns
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.stream.columns import FEW, ColumnReader, Layouts
from marketpulse.stream.facts import Cohort, Facts, Row, table_of
from marketpulse.stream.record import NAME_LIMIT, Origin, Record, Records, guessed_origin, origin_of
from marketpulse.stream.row import copy_line

EARLIEST_DATE = date(1990, 1, 1)
DAYS_AHEAD = timedelta(days=2)

# What was learnt stays: a batch is written as the one before it.
_layouts = Layouts()


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
    """The facts and dead letters of records of one partition."""

    facts: Facts
    letters: tuple[Letter, ...]

    def dates(self) -> list[date]:
        return sorted({cohort.trading_date for cohort in self.facts.present().values()})

    def event_types(self) -> frozenset[str]:
        return frozenset(cohort.event_type for cohort in self.facts.present().values())

    def poison(self) -> list[Letter]:
        """What the stream itself could not read or store, by offset; not what a producer has rejected."""
        return sorted((letter for letter in self.letters if letter.dead_letter_id is None), key=lambda one: one.offset)

    def since(self, offset: int) -> "Reading":
        """The same from an offset on."""
        return Reading(
            self.facts.filter(self.facts.column("offset") >= offset),
            tuple(letter for letter in self.letters if letter.offset >= offset),
        )

    def without_dates(self, sealed: Iterable[date], records: Records) -> "Reading":
        """The same, with the facts of sealed days as dead letters. `records`: those that were read, without a gap."""
        days = frozenset(sealed)
        gone = [number for number, cohort in self.facts.present().items() if cohort.trading_date in days]
        if not gone:
            return self
        error = RecordError("sealed_day", "the day's events were dropped by retention")
        mask = self.facts.of_cohorts(gone)
        places = np.sort(self.facts.column("offset")[mask]) - records.offsets[0]
        letters = [poison(record, error) for record in records.at(places)]
        return Reading(self.facts.filter(~mask), (*self.letters, *letters))


def read_records(records: Records, *, newest_date: date, condemned: frozenset[int] = frozenset()) -> Reading:
    """Facts and dead letters of the records. `condemned` offsets are those that Postgres refused to store.

    `newest_date` is today by the market's clock or the host's, whichever is later.
    """
    dates = (EARLIEST_DATE, newest_date + DAYS_AHEAD)
    cohorts: dict[Cohort, int] = {}
    tables: list[pa.Table] = []
    letters: list[Letter] = []
    for chunk in records.chunks():
        left = np.ones(len(chunk), np.bool_)
        if chunk.topic == EVENT_TOPIC and len(chunk) >= FEW:
            allowed = ~np.isin(chunk.offsets, list(condemned))
            for columns in ColumnReader(chunk, dates, cohorts, _layouts).facts(allowed):
                tables.append(columns.table)
                left[columns.rows] = False
        rows: list[Row] = []
        for record in chunk.at(np.flatnonzero(left)):
            try:
                if record.offset in condemned:
                    raise RecordError("unstorable", "Postgres refused this record")
                if record.topic == DEAD_LETTER_TOPIC:
                    letters.append(_letter(record))
                else:
                    rows.append(_row(record, newest_date, cohorts))
            except RecordError as error:
                letters.append(poison(record, error))
        tables.append(table_of(rows))
    return Reading(Facts.of(cohorts, tables), tuple(letters))


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


def poison_id(records: Records, topic_id: str, offset: int) -> str:
    """The identity of poison in the records' partition: a topic that was made anew gives its offsets out again."""
    return digest32("poison", records.topic, topic_id, str(records.partition), str(offset))


def _row(record: Record, newest_date: date, cohorts: dict[Cohort, int]) -> Row:
    if record.value is None:
        raise RecordError("not_json", "the record has no value")
    event = decode_event(record.value)
    if not EARLIEST_DATE <= event.trading_date <= newest_date + DAYS_AHEAD:
        raise RecordError("trading_date_out_of_range", f"{event.trading_date}, and the clocks are at {newest_date}")
    line = copy_line(event, record)
    return (
        record.offset,
        cohorts.setdefault(Cohort.of(event), len(cohorts)),
        event.producer_seq,
        event.symbol,
        event.entity_id,
        event.event_id,
        event.event_time_ns,
        datetime_ns(event.received_at) // 1000,
        eligibility(event).bar_session_part if isinstance(event, Trade) else None,
        line,
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
