"""The distinct versions of a batch: copies collapse to the earliest receipt before they meet Postgres."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from marketpulse.stream.arrays import Mask, Texts, pc
from marketpulse.stream.facts import Facts

Version = tuple[date, str, str]


@dataclass(frozen=True, slots=True)
class Versions:
    """`distinct` holds one fact a version; `rivals` says of which of them another version is in the batch too, `copies`
    which of the batch's facts are further copies, and duplicates therefore."""

    distinct: Facts
    rivals: Mask
    copies: Mask


def distinct_versions(facts: Facts) -> Versions:
    """Keep the copy of each version that was received first; equal receipts go by offset."""
    copies = np.zeros(len(facts), np.bool_)
    rivals = np.zeros(len(facts), np.bool_)
    entities = facts.table.column("entity_id")
    if pc.count_distinct(entities).as_py() < len(facts):
        _mark(facts, _repeated(entities), copies, rivals)
    distinct = facts if not copies.any() else facts.filter(~copies)
    return Versions(distinct, rivals[~copies], copies)


def _repeated(entities: Texts) -> list[int]:
    """Where an entity is that is in the batch more than once."""
    counted = pc.value_counts(entities)
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    places: list[int] = np.flatnonzero(pc.is_in(entities, value_set=several).to_numpy()).tolist()
    return places


def _mark(facts: Facts, places: list[int], copies: Mask, rivals: Mask) -> None:
    rows = facts.table.select(["offset", "cohort", "entity_id", "event_id", "received_us"]).take(pa.array(places))
    kept: dict[Version, tuple[int, int]] = {}
    for (_, cohort, entity, event, received_us), place in sorted(
        zip(zip(*rows.to_pydict().values(), strict=True), places, strict=True)
    ):
        version = (facts.cohorts[cohort].trading_date, entity, event)
        known = kept.setdefault(version, (received_us, place))
        if known[1] == place:
            continue
        if received_us < known[0]:
            kept[version] = (received_us, place)
            copies[known[1]] = True
        else:
            copies[place] = True
    counts = Counter((day, entity) for day, entity, _ in kept)
    for (day, entity, _), (_, place) in kept.items():
        rivals[place] = counts[day, entity] > 1
