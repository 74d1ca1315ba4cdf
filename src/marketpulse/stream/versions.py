"""The distinct versions of a batch: copies collapse to the earliest receipt before they meet Postgres."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from marketpulse.stream.reading import Fact

Version = tuple[date, str, str]


@dataclass(frozen=True, slots=True)
class Versions:
    """`distinct` holds one fact a version, with whether another version of the same entity is in the batch too;
    `copies` the offsets of the further copies, which are duplicates."""

    distinct: tuple[tuple[Fact, bool], ...]
    copies: frozenset[int]


def distinct_versions(facts: Sequence[Fact]) -> Versions:
    """Keep the copy of each version that was received first; equal receipts go by offset."""
    kept: dict[Version, Fact] = {}
    copies: set[int] = set()
    for fact in facts:
        version = (fact.trading_date, fact.entity_id, fact.event_id)
        known = kept.setdefault(version, fact)
        if known is fact:
            continue
        if fact.received_at < known.received_at:
            kept[version] = fact
            copies.add(known.offset)
        else:
            copies.add(fact.offset)
    rivals = Counter((day, entity) for day, entity, _ in kept)
    distinct = tuple((fact, rivals[day, entity] > 1) for (day, entity, _), fact in kept.items())
    return Versions(distinct, frozenset(copies))
