"""One transaction of the sink: the records of one partition become facts, bars and bookkeeping, or nothing happens.

The ledger row is locked first, then the run's epoch is checked, then the symbols are locked in one order; so a retried
task, a frozen older run and a second partition with the same symbol all meet a transaction that is over.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from psycopg import errors
from psycopg.rows import namedtuple_row

from marketpulse.errors import FencedError, GapError, OperatorError
from marketpulse.stream import copying
from marketpulse.stream.arrays import Texts, pc, taken
from marketpulse.stream.facts import Facts
from marketpulse.stream.flood import LIMIT, FloodError, find_flood
from marketpulse.stream.reading import Letter, Reading, poison_id
from marketpulse.stream.record import Records
from marketpulse.stream.statements import Connection, sql
from marketpulse.stream.tally import VERDICTS, Accounts, Codes, Verdict, account
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
    """What a committed transaction did. `batch_id` None: every record had landed before. `contested`: a fact had more
    than one version or copy."""

    batch_id: int | None
    accounts: Accounts
    contested: bool = False


def prepare_session(connection: Connection) -> None:
    """Create the working tables of a new connection."""
    connection.execute(sql("create_working_tables"))
    connection.commit()


def land(
    connection: Connection,
    records: Records,
    reading: Reading,
    terms: Terms,
    *,
    rehearsal: bool = False,
    expect_new: bool = True,
) -> Receipt:
    """Land consecutive records of one partition, already read, in one transaction; what landed before is skipped.

    `expect_new` is a guess that no fact is known yet: it decides how the facts are written, not what is written.
    Raises FencedError when a newer run may commit, GapError when the records do not continue where the ledger stands,
    FloodError when too many of the records are unusable. A rehearsal does everything and rolls back.
    """
    with connection.transaction(force_rollback=rehearsal), connection.cursor(row_factory=namedtuple_row) as cursor:
        place = {"topic": records.topic, "partition": records.partition}
        cursor.execute(sql("lock_ledger"), {**place, "stream": terms.stream, "dates": reading.dates()})
        position: Any = cursor.fetchone()
        if position is None:
            raise OperatorError(
                f"{records.topic}/{records.partition} is not in ops.stream_ledger: start the stream anew"
            )
        if position.epoch != terms.epoch:
            raise FencedError(f"run {position.epoch} of {terms.stream} has taken over from run {terms.epoch}")
        fresh = records.since(position.next_offset)
        if not len(fresh):
            return Receipt(None, Accounts())
        check_contiguous(fresh, expected=position.next_offset)
        if len(fresh) < len(records):
            reading = reading.since(position.next_offset)
        reading = reading.without_dates(position.sealed_dates, fresh)
        _check_flood(cursor, position.topic_id, fresh, reading)
        batch = _Batch(cursor, terms, position.batch_id, position.topic_id, reading)
        accounts = batch.land(fresh, expect_new=expect_new)
    return Receipt(position.batch_id, accounts, batch.contested)


def check_contiguous(records: Records, *, expected: int) -> None:
    """Raise GapError at the first offset that does not follow the one before it."""
    offsets = records.offsets
    awaited = np.arange(expected, expected + len(offsets))
    if not np.array_equal(offsets, awaited):
        place = int(np.argmax(offsets != awaited))
        raise GapError(
            f"gap in {records.topic}/{records.partition}: expected offset {awaited[place]}, found {offsets[place]}"
        )


def _check_flood(cursor: psycopg.Cursor[Any], topic_id: str, records: Records, reading: Reading) -> None:
    letters = reading.poison()
    if not letters:
        return
    place = {"topic": records.topic, "partition": records.partition, "topic_id": topic_id}
    next_offset = int(records.offsets[0])
    cursor.execute(sql("select_consent"), place)
    [(consent,)] = cursor.fetchall()
    letters = [letter for letter in letters if letter.offset >= consent]
    if not letters:
        return
    bounds = {"from_offset": max(consent, next_offset - LIMIT.window), "next_offset": next_offset}
    before = [row.kafka_offset for row in cursor.execute(sql("select_recent_poison"), place | bounds)]
    flood = find_flood(before, letters)
    if flood is not None:
        raise FloodError(records.topic, records.partition, topic_id, next_offset, flood)


class _Batch:
    """The statements of one transaction, in order."""

    def __init__(
        self, cursor: psycopg.Cursor[Any], terms: Terms, batch_id: int, topic_id: str, reading: Reading
    ) -> None:
        self._cursor = cursor
        self._reading = reading
        self._dates = reading.dates()
        self._topic_id = topic_id
        self.contested = False
        self._values: dict[str, object] = {
            "batch_id": batch_id,
            "topic_id": topic_id,
            "epoch": terms.epoch,
            "market_at": terms.market_at,
            "bar_close_s": terms.bar_close_s,
            "dates": self._dates,
        }

    def land(self, records: Records, *, expect_new: bool) -> Accounts:
        facts, letters = self._reading.facts, self._reading.letters
        verdicts = self._land_facts(expect_new) if len(facts) else np.zeros(0, np.int8)
        accounts = account(facts, verdicts, [(letter.origin, self._land_letter(letter, records)) for letter in letters])
        self._keep_books(records, accounts)
        return accounts

    def _land_facts(self, expect_new: bool) -> Codes:
        """Facts that are all new are written straight into their table; a conflict there makes that undone, and the
        versions meet in `contest`."""
        facts = self._reading.facts
        self._run("lock_symbols", {"symbols": facts.symbols()})
        versions = distinct_versions(facts)
        self._copy("copy_touched", copying.touched(versions.distinct))
        self.contested = bool(versions.copies.any() or versions.rivals.any())
        if expect_new and not self.contested and self._copied(versions):
            self._run("note_touched")
            verdicts = _verdicts(facts, {})
        else:
            self._copy("copy_incoming", copying.incoming(versions))
            verdicts = _verdicts(facts, self._contest())
            self._run("land_events")
        verdicts[versions.copies] = VERDICTS.index("duplicate")
        self._derive(self._reading.event_types())
        return verdicts

    def _copied(self, versions: Versions) -> bool:
        try:
            with self._cursor.connection.transaction():
                self._copy("copy_events", copying.events(versions.distinct, self._values["batch_id"]))
        except errors.UniqueViolation:
            self.contested = True
            return False
        return True

    def _contest(self) -> Mapping[tuple[str, str], Verdict]:
        """Which version of each fact with more than one is the current one; what became of those in the batch."""
        if not self._run("find_contest"):
            return {}
        self.contested = True
        contested = {(row.entity_id.hex, row.event_id.hex): row.verdict for row in self._rows("select_verdicts")}
        for step in ("keep_earliest_receipt", "displace_events", "promote_events", "shelve_events"):
            self._run(step)
        self._run("relabel_superseded")
        return contested

    def _copy(self, name: str, texts: Iterable[Texts]) -> None:
        with self._cursor.copy(sql(name)) as copy:
            for text in texts:
                copy.write(copying.buffer(text))

    def _derive(self, event_types: frozenset[str]) -> None:
        """What is computed from the facts. Progress comes last: it closes bars for the next transaction, not this."""
        if "trade" in event_types and self._run("rebuild_bars"):
            for step in ("write_bars", "delete_bars", "note_causes", "restate_bars"):
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

    def _land_letter(self, letter: Letter, records: Records) -> Verdict:
        added = self._run(
            "insert_dead_letter",
            {
                "topic": records.topic,
                "partition": records.partition,
                "offset": letter.offset,
                "dead_letter_id": letter.dead_letter_id or poison_id(records, self._topic_id, letter.offset),
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

    def _keep_books(self, records: Records, accounts: Accounts) -> None:
        place = {"topic": records.topic, "partition": records.partition}
        first, last = int(records.offsets[0]), int(records.offsets[-1])
        counts = ("records", "landed", "duplicate", "superseding", "dead_lettered")
        self._run(
            "insert_batch",
            {
                **place,
                "first_offset": first,
                "last_offset": last,
                **{name: getattr(accounts.total, name) for name in counts},
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
        self._run("advance_ledger", {**place, "next_offset": last + 1, "last_record_at": records.newest()})

    def _run(self, name: str, values: Mapping[str, object] | None = None) -> int:
        self._cursor.execute(sql(name), {**self._values, **(values or {})})
        return self._cursor.rowcount

    def _rows(self, name: str, values: Mapping[str, object] | None = None) -> list[Any]:
        self._run(name, values)
        return self._cursor.fetchall()


def _verdicts(facts: Facts, contested: Mapping[tuple[str, str], Verdict]) -> Codes:
    """What became of each fact: of a contested version what the contest says, the others have landed."""
    verdicts = np.full(len(facts), VERDICTS.index("landed"), np.int8)
    if contested:
        entities = pa.array({entity for entity, _ in contested})
        places = np.flatnonzero(pc.is_in(facts.table.column("entity_id"), value_set=entities).to_numpy())
        rows = taken(facts.table.select(["entity_id", "event_id"]), places).to_pydict()
        for place, version in zip(places, zip(rows["entity_id"], rows["event_id"], strict=True), strict=True):
            verdicts[place] = VERDICTS.index(contested.get(version, "landed"))
    return verdicts


def _fell_back(before: Any, after: Any) -> bool:
    """Whether the newest trade or quote is older than it was. Their days would not tell: a trading date is what the
    provider's calendar makes of a time."""
    if before is None:
        return False
    pairs = ((before.trade_time_ns, after.trade_time_ns), (before.quote_at, after.quote_at))
    return any(old is not None and (new is None or new < old) for old, new in pairs)
