"""One transaction of the sink: the records of one partition become facts, bars and bookkeeping, or nothing happens.

The ledger row is locked first, then the run's epoch is checked, then the symbols are locked in one order; so a retried
task, a frozen older run and a second partition with the same symbol all meet a transaction that is over.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from marketpulse.errors import FencedError, GapError, OperatorError
from marketpulse.stream.flood import LIMIT, FloodError, find_flood
from marketpulse.stream.reading import Letter, Reading, poison_id
from marketpulse.stream.record import Origin, Record
from marketpulse.stream.statements import Connection, sql
from marketpulse.stream.tally import Accounts, Verdict, account
from marketpulse.stream.versions import Versions, distinct_versions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which run, and by which rules, a batch lands."""

    stream: str
    epoch: int
    bar_close_s: float
    market_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a committed transaction did. `batch_id` None: every record had landed before."""

    batch_id: int | None
    accounts: Accounts


def prepare_session(connection: Connection) -> None:
    """Create the working tables of a new connection."""
    connection.execute(sql("create_working_tables"))
    connection.commit()


def land(
    connection: Connection,
    records: Sequence[Record],
    reading: Reading,
    terms: Terms,
    *,
    rehearsal: bool = False,
) -> Receipt:
    """Land consecutive records of one partition, already read, in one transaction; what landed before is skipped.

    Raises FencedError when a newer run may commit, GapError when the records do not continue where the ledger stands,
    FloodError when too many of the records are unusable. A rehearsal does everything and rolls back.
    """
    first = records[0]
    with connection.transaction(force_rollback=rehearsal), connection.cursor(row_factory=namedtuple_row) as cursor:
        place = {"topic": first.topic, "partition": first.partition}
        cursor.execute(sql("lock_ledger"), {**place, "stream": terms.stream, "dates": reading.dates()})
        position: Any = cursor.fetchone()
        if position is None:
            raise OperatorError(f"{first.topic}/{first.partition} is not in ops.stream_ledger: start the stream anew")
        if position.epoch != terms.epoch:
            raise FencedError(f"run {position.epoch} of {terms.stream} has taken over from run {terms.epoch}")
        fresh = [record for record in records if record.offset >= position.next_offset]
        if not fresh:
            return Receipt(None, Accounts())
        check_contiguous(fresh, expected=position.next_offset)
        if len(fresh) < len(records):
            reading = reading.since(fresh[0].offset)
        reading = reading.without_dates(position.sealed_dates)
        _check_flood(cursor, position.topic_id, fresh[0], reading)
        batch = _Batch(cursor, terms, position.batch_id, position.topic_id, reading)
        accounts = batch.land(fresh)
    return Receipt(position.batch_id, accounts)


def check_contiguous(records: Sequence[Record], *, expected: int) -> None:
    """Raise GapError at the first offset that does not follow the one before it."""
    for record in records:
        if record.offset != expected:
            raise GapError(
                f"gap in {record.topic}/{record.partition}: expected offset {expected}, found {record.offset}"
            )
        expected += 1


def _check_flood(cursor: psycopg.Cursor[Any], topic_id: str, first: Record, reading: Reading) -> None:
    letters = reading.poison()
    if not letters:
        return
    place = {"topic": first.topic, "partition": first.partition, "topic_id": topic_id}
    cursor.execute(sql("select_consent"), place)
    [(consent,)] = cursor.fetchall()
    letters = [letter for letter in letters if letter.offset >= consent]
    if not letters:
        return
    bounds = {"from_offset": max(consent, first.offset - LIMIT.window), "next_offset": first.offset}
    before = [row.kafka_offset for row in cursor.execute(sql("select_recent_poison"), place | bounds)]
    flood = find_flood(before, letters)
    if flood is not None:
        raise FloodError(first.topic, first.partition, topic_id, first.offset, flood)


class _Batch:
    """The statements of one transaction, in order."""

    def __init__(
        self, cursor: psycopg.Cursor[Any], terms: Terms, batch_id: int, topic_id: str, reading: Reading
    ) -> None:
        self._cursor = cursor
        self._reading = reading
        self._dates = reading.dates()
        self._topic_id = topic_id
        self._values: dict[str, object] = {
            "batch_id": batch_id,
            "topic_id": topic_id,
            "epoch": terms.epoch,
            "market_at": terms.market_at,
            "bar_close_s": terms.bar_close_s,
            "dates": self._dates,
        }

    def land(self, records: Sequence[Record]) -> Accounts:
        verdicts: list[tuple[Origin, Verdict, date | None]] = []
        if self._reading.facts:
            verdicts += self._land_facts()
        verdicts += [(letter.origin, self._land_letter(letter, records[0]), None) for letter in self._reading.letters]
        accounts = account(verdicts)
        self._keep_books(records, accounts)
        return accounts

    def _land_facts(self) -> list[tuple[Origin, Verdict, date | None]]:
        self._run("lock_symbols", {"symbols": self._reading.symbols()})
        versions = distinct_versions(self._reading.facts)
        self._copy(versions)
        contested: Mapping[tuple[str, str], Verdict] = {}
        if self._run("find_contest"):
            contested = {(row.entity_id.hex, row.event_id.hex): row.verdict for row in self._rows("select_verdicts")}
            for step in ("keep_earliest_receipt", "displace_events", "promote_events", "shelve_events"):
                self._run(step)
            self._run("relabel_superseded")
        self._run("land_events")
        self._derive(self._reading.event_types())
        return [
            (
                fact.origin,
                "duplicate"
                if fact.offset in versions.copies
                else contested.get((fact.entity_id, fact.event_id), "landed"),
                fact.trading_date,
            )
            for fact in self._reading.facts
        ]

    def _copy(self, versions: Versions) -> None:
        text = "".join(f"{fact.line}\t{'t' if rival else 'f'}\n" for fact, rival in versions.distinct)
        with self._cursor.copy(sql("copy_incoming")) as copy:
            copy.write(text)

    def _derive(self, event_types: frozenset[str]) -> None:
        """What is computed from the facts. Progress comes last: it closes bars for the next transaction, not this."""
        if "trade" in event_types and self._run("rebuild_bars"):
            for step in ("write_bars", "delete_bars", "restate_bars"):
                self._run(step)
        if "bar" in event_types:
            self._run("write_provider_bars")
        if not event_types.isdisjoint(("trade", "quote")):
            self._rebuild_latest()
        self._run("advance_progress")
        if not event_types.isdisjoint(("trade", "bar", "status")):
            self._run("mark_dirty_days")

    def _rebuild_latest(self) -> None:
        """The newest trade is on the day where it was, or on one of this batch's days: the other partitions are not
        read. Only when it is gone, and what is left there is older, all days are."""
        before = {(row.symbol, row.feed): row for row in self._rows("select_latest")}
        days = {day for row in before.values() for day in (row.trade_date, row.quote_date) if day is not None}
        after = self._rows("rebuild_latest", {"dates": sorted({*days, *self._dates})})
        if any(_fell_back(before.get((row.symbol, row.feed)), row) for row in after):
            self._run("rebuild_latest", {"dates": None})

    def _land_letter(self, letter: Letter, first: Record) -> Verdict:
        added = self._run(
            "insert_dead_letter",
            {
                "topic": first.topic,
                "partition": first.partition,
                "offset": letter.offset,
                "dead_letter_id": letter.dead_letter_id or poison_id(first, self._topic_id, letter.offset),
                "reason": letter.reason,
                "detail": letter.detail,
                "provider": letter.provider,
                "endpoint": letter.endpoint,
                "feed": letter.feed,
                "symbol": letter.symbol,
                "request": letter.request,
                "body": letter.body,
                "received_at": letter.received_at,
                "producer_id": letter.origin.producer_id or None,
                "producer_seq": letter.origin.producer_seq,
            },
        )
        return "dead_lettered" if added else "duplicate"

    def _keep_books(self, records: Sequence[Record], accounts: Accounts) -> None:
        first, last, total = records[0], records[-1], accounts.total
        place = {"topic": first.topic, "partition": first.partition}
        counts = ("records", "landed", "duplicate", "superseding", "dead_lettered")
        self._run(
            "insert_batch",
            {
                **place,
                "first_offset": first.offset,
                "last_offset": last.offset,
                **{name: getattr(total, name) for name in counts},
            },
        )
        for (provider, producer_id), tally in sorted(accounts.sources.items()):
            values = {name: getattr(tally, name) for name in counts}
            numbers = {
                "lowest_seq": tally.numbers.lowest,
                "highest_seq": tally.numbers.highest,
                "seqs": tally.numbers.seqs,
                "duplicate_seqs": tally.numbers.duplicate_seqs,
            }
            self._run("insert_batch_source", {"provider": provider, "producer_id": producer_id, **values, **numbers})
        if accounts.days:
            days, versions = zip(*sorted(accounts.days.items()), strict=True)
            self._run("insert_batch_day", {"trading_dates": list(days), "versions": list(versions)})
        newest = max(record.published_at for record in records)
        self._run("advance_ledger", {**place, "next_offset": last.offset + 1, "last_record_at": newest})

    def _run(self, name: str, values: Mapping[str, object] | None = None) -> int:
        self._cursor.execute(sql(name), {**self._values, **(values or {})})
        return self._cursor.rowcount

    def _rows(self, name: str, values: Mapping[str, object] | None = None) -> list[Any]:
        self._run(name, values)
        return self._cursor.fetchall()


def _fell_back(before: Any, after: Any) -> bool:
    """Whether the newest trade or quote is older than it was. Their days would not tell: a trading date is what the
    provider's calendar makes of a time."""
    if before is None:
        return False
    pairs = ((before.trade_time_ns, after.trade_time_ns), (before.quote_at, after.quote_at))
    return any(old is not None and (new is None or new < old) for old, new in pairs)
