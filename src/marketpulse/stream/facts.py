"""The facts of a batch as columns: what landing needs to know of each, and its line of COPY text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from marketpulse.events.event import AnyEvent
from marketpulse.events.timestamps import NS_PER_MINUTE
from marketpulse.stream.arrays import Mask, chosen, pc

_TYPES: dict[str, pa.DataType] = {
    "offset": pa.int64(),
    "cohort": pa.int32(),
    "producer_seq": pa.int64(),
    "symbol": pa.string(),
    "entity_id": pa.string(),
    "event_id": pa.string(),
    "event_time_ns": pa.int64(),
    "received_us": pa.int64(),
    "bar_session_part": pa.string(),
    "line": pa.string(),
}
SCHEMA = pa.schema(_TYPES)

# One fact, in the order of SCHEMA.
Row = tuple[int, int, int, str, str, str, int, int, str | None, str]


@dataclass(frozen=True, slots=True)
class Cohort:
    """What many facts of a batch have in common. `advances_progress`: whether they may close bars of their symbol."""

    provider: str
    producer_id: str
    feed: str
    event_type: str
    trading_date: date
    advances_progress: bool

    @classmethod
    def of(cls, event: AnyEvent) -> "Cohort":
        return cls(
            provider=event.provider,
            producer_id=event.producer_id,
            feed=event.feed,
            event_type=str(event.__struct_config__.tag),
            trading_date=event.trading_date,
            advances_progress=_advances_progress(event),
        )


def _advances_progress(event: AnyEvent) -> bool:
    """Whether what its symbol printed before it has been sent before it, so that it may close bars.

    A stamp of our own making, or of a whole day, says nothing about that; a snapshot shows the newest state, ahead of
    the trades that the polls still have to read up to it.
    """
    return event.event_time_basis not in ("received", "trading_day") and not event.endpoint.endswith(".snapshots")


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Facts that were read one by one."""
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA.names)
    return pa.Table.from_pydict(dict(zip(SCHEMA.names, map(list, columns), strict=True)), schema=SCHEMA)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in no particular order; `table` is of SCHEMA, its column `cohort` counts in `cohorts`."""

    cohorts: tuple[Cohort, ...]
    table: pa.Table

    @classmethod
    def of(cls, cohorts: Iterable[Cohort], parts: Iterable[pa.Table]) -> "Facts":
        return cls(tuple(cohorts), pa.concat_tables([SCHEMA.empty_table(), *parts]))

    def __len__(self) -> int:
        return self.table.num_rows

    def column(self, name: str) -> Any:
        """A column of numbers."""
        return self.table.column(name).to_numpy()

    def filter(self, mask: Mask) -> "Facts":
        return Facts(self.cohorts, chosen(self.table, mask))

    def of_cohorts(self, numbers: Iterable[int]) -> Mask:
        """Which facts are of these cohorts, given by their numbers."""
        return np.isin(self.column("cohort"), list(numbers))

    def present(self) -> dict[int, Cohort]:
        """The cohorts that have facts here, by number."""
        return {number: self.cohorts[number] for number in np.unique(self.column("cohort")).tolist()}

    def symbols(self) -> list[str]:
        return sorted(pc.unique(self.table.column("symbol")).to_pylist())

    def touched(self) -> pa.Table:
        """One row for each minute, part of the session, symbol and cohort; the provider's bars one by one.

        Columns: cohort, symbol, bar_session_part, minute (since 1970, null without a part), entity_id (of bars only),
        event_time_ns (the latest).
        """
        bars = [number for number, cohort in self.present().items() if cohort.event_type == "bar"]
        entity = pa.nulls(len(self), pa.string())
        if bars:
            entity = pc.if_else(pa.array(self.of_cohorts(bars)), self.table.column("entity_id"), None)
        part = self.table.column("bar_session_part")
        minute = pa.array(self.column("event_time_ns") // NS_PER_MINUTE)
        keys = {
            "cohort": self.table.column("cohort"),
            "symbol": self.table.column("symbol"),
            "bar_session_part": part,
            "minute": pc.if_else(pc.is_valid(part), minute, None),
            "entity_id": entity,
        }
        table = pa.table({**keys, "event_time_ns": self.table.column("event_time_ns")})
        grouped = table.group_by(list(keys), use_threads=False).aggregate([("event_time_ns", "max")])
        return grouped.rename_columns([*keys, "event_time_ns"])
