"""The equations on the numbers that producers give their records: 1, 2, 3, ... for each producer and partition.

A number that is missing is a lost record. A number that comes again, at another offset, is a copy that somebody made
of the record: it broke nothing and lost nothing, and the proof names it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import psycopg
from psycopg.types.multirange import Multirange

from marketpulse.resources import read_sql
from marketpulse.warehouse.equation import SAMPLE, Equation, Tally

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class NumberedBatch(NamedTuple):
    """The numbers of one producer in one batch, in the column order of include/sql/proof/select_numbers.sql."""

    producer_id: str
    topic: str
    partition: int
    topic_id: str
    batch_id: int
    first_offset: int
    last_offset: int
    committed_at: datetime
    started_at: datetime | None
    records: int
    seqs: Multirange[int]
    duplicate_seqs: Multirange[int]

    @property
    def place(self) -> str:
        """The producer and the partition."""
        return f"{self.producer_id} {self.topic}/{self.partition}"


class Acknowledged(NamedTuple):
    """The highest number that the broker acknowledged, as in include/sql/proof/select_acknowledged.sql."""

    producer_id: str
    spot: str
    highest_seq: int
    excused_seq: int | None

    @property
    def place(self) -> str:
        """The producer and the partition."""
        return f"{self.producer_id} {self.spot}"


class Loss(NamedTuple):
    """Offsets that a person accepted as lost, as in include/sql/proof/select_losses.sql."""

    topic: str
    partition: int
    topic_id: str
    offsets: int
    accepted_at: datetime


@dataclass(slots=True)
class _Spot:
    """What is known of one producer in one partition: every number below `next_number`, read or excused."""

    next_number: int = 1
    records: int = 0
    lost: int = 0
    copies: int = 0
    last_at: datetime = _LONG_AGO


@dataclass(slots=True)
class Sequences:
    """Follows the batches of each producer and partition, given in the order of the partition."""

    losses: list[Loss]
    acknowledged: dict[str, Acknowledged]
    continuous: Tally = field(default_factory=Tally)
    named: list[str] = field(default_factory=list)
    _spots: dict[str, _Spot] = field(default_factory=lambda: defaultdict(_Spot))

    def follow(self, batch: NumberedBatch) -> None:
        spot = self._spots[batch.place]
        began, copies = spot.next_number, batch.records
        # More numbers than records: the books of the batch contradict each other.
        breaks = sum((run.upper or 0) - (run.lower or 0) for run in batch.seqs) > batch.records
        for run in batch.seqs:
            start, end = run.lower or 0, run.upper or 0
            if start > spot.next_number:
                missing = start - spot.next_number
                if self._excuses(batch, spot, missing):
                    spot.lost += missing
                elif _within(start, end, batch.duplicate_seqs) and start > self._acknowledged(batch.place):
                    # Facts that were known, under numbers that the producer never had here: copies of what it sent to
                    # another partition.
                    continue
                else:
                    breaks = True
                spot.next_number = start
            fresh = max(0, end - max(start, spot.next_number))
            copies -= fresh
            spot.next_number += fresh
        copies = max(0, copies)
        spot.records += batch.records
        spot.copies += copies
        spot.last_at = batch.committed_at
        self._name(batch, copies)
        self.continuous.add(
            f"{batch.place} batch {batch.batch_id} holds numbers {batch.seqs} in {batch.records} after {began - 1}",
            1,
            0 if breaks else 1,
        )

    def equations(self) -> tuple[Equation, Equation]:
        """Records less copies against the highest number of each producer and partition; batch by batch, no hole."""
        tally = Tally()
        for place, spot in sorted(self._spots.items()):
            tally.add(place, spot.records - spot.copies + spot.lost, spot.next_number - 1)
        found = tally.equation("sequences_complete", "numbered records read, copies apart", "highest numbers seen")
        return (
            msgspec.structs.replace(found, named=tuple(self.named)),
            self.continuous.equation(
                "sequences_continuous", "batches by producer", "batches that continue the numbers"
            ),
        )

    def acknowledged_landed(self) -> Equation:
        """The highest numbers that landed or are excused, against those that the broker acknowledged."""
        tally = Tally(">=")
        for place, known in sorted(self.acknowledged.items()):
            landed = self._spots[place].next_number - 1 if place in self._spots else 0
            tally.add(place, max(landed, known.excused_seq or 0), known.highest_seq)
        return tally.equation(
            "acknowledged_landed", "highest numbers that landed or were lost", "highest numbers acknowledged"
        )

    def _acknowledged(self, place: str) -> int:
        known = self.acknowledged.get(place)
        return known.highest_seq if known else 0

    def _excuses(self, batch: NumberedBatch, spot: _Spot, missing: int) -> bool:
        """Which of a partition's producers lost how much, nobody knows; more than the loss itself it cannot be."""
        since = spot.last_at if spot.last_at > _LONG_AGO else batch.started_at or _LONG_AGO
        losses = [
            loss
            for loss in self.losses
            if (loss.topic, loss.partition) == (batch.topic, batch.partition)
            and since <= loss.accepted_at <= batch.committed_at
        ]
        is_new_topic = any(loss.topic_id != batch.topic_id for loss in losses)
        return bool(losses) and (is_new_topic or sum(loss.offsets for loss in losses) >= missing)

    def _name(self, batch: NumberedBatch, copies: int) -> None:
        if copies and len(self.named) < SAMPLE:
            offsets = f"{batch.first_offset} to {batch.last_offset}"
            self.named.append(
                f"{batch.place} batch {batch.batch_id}, offsets {offsets}, numbers {batch.seqs}: "
                f"{copies} of the records came again, copied by somebody else, and count as duplicates"
            )


def _within(start: int, end: int, known: Multirange[int]) -> bool:
    return any((run.lower or 0) <= start and end <= (run.upper or 0) for run in known)


def sequences(connection: psycopg.Connection, until_poll_id: int) -> Sequences:
    """The numbers of the proof's producers as they landed, and as polls up to one say that they were acknowledged.

    Needs the proof's scope and a transaction.
    """
    losses = [Loss(*row) for row in connection.execute(read_sql("proof/select_losses"))]
    rows = connection.execute(read_sql("proof/select_acknowledged"), {"until_poll_id": until_poll_id}).fetchall()
    found = Sequences(losses, {known.place: known for known in map(Acknowledged._make, rows)})
    for batch in _batches(connection):
        found.follow(batch)
    return found


def _batches(connection: psycopg.Connection) -> Iterator[NumberedBatch]:
    with connection.cursor("proof_numbers") as rows:
        rows.itersize = 5_000
        rows.execute(read_sql("proof/select_numbers"))
        yield from map(NumberedBatch._make, rows)
