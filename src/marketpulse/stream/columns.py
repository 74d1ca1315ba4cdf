"""Many records read at once: those of a known layout become columns, the others are left to the record-by-record path.

What is read here is what marketpulse.events.codec and marketpulse.stream.row would have made of it, to the last byte;
whatever gives the least doubt is left to them.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from marketpulse.errors import RecordError
from marketpulse.events.codec import FARTHEST_DAYS, decode_event, number_pattern
from marketpulse.events.event import Trade
from marketpulse.stream import checks
from marketpulse.stream.arrays import Integers, Mask, Texts, chosen, mask_of, pc, taken
from marketpulse.stream.cut import Cut, cut
from marketpulse.stream.facts import SCHEMA, Cohort
from marketpulse.stream.layout import Layout, Slot, layout_of
from marketpulse.stream.record import Records
from marketpulse.stream.row import NULL, copy_line
from marketpulse.stream.written import Part, Values, as_number, bar_columns, bar_start, floored, joined, lines

# Fewer records of one layout are read faster one by one.
FEW = 24
# How many records of one batch may turn out to be nobody's layout before the rest is left to the other path.
_ATTEMPTS = 16
_NUMBERS = ("bid", "ask", "bid_size", "ask_size")
_COUNTS = ("event_time_ns", "producer_seq", "participant_time_ns")


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts of the records at `rows`: a table of marketpulse.stream.facts."""

    rows: Integers
    table: pa.Table


@dataclass(slots=True)
class Layouts:
    """The layouts that were met, by the number of quotation marks; the one that served last is tried first."""

    most: int = 32
    most_numbers: int = 256
    _known: dict[int, list[Layout]] = field(default_factory=dict)

    def of(self, quotes: int) -> tuple[Layout, ...]:
        return tuple(self._known.get(quotes, ()))

    def served(self, layout: Layout) -> None:
        if layout.quotes not in self._known and len(self._known) >= self.most_numbers:
            self._known.clear()
        others = [known for known in self.of(layout.quotes) if known is not layout]
        self._known[layout.quotes] = [layout, *others][: self.most]


class ColumnReader:
    """Reads the events of one run of records whose values lie in one piece of memory.

    `dates` are the first and the last trading date that may land. New cohorts get the next numbers in `cohorts`.
    """

    def __init__(
        self, records: Records, dates: tuple[date, date], cohorts: MutableMapping[Cohort, int], layouts: Layouts
    ) -> None:
        self._records = records
        self._dates = dates
        self._cohorts = cohorts
        self._layouts = layouts
        self._offsets = records.offsets
        [values] = records.table.column("value").chunks
        self._cut: Cut = cut(values)

    def facts(self, allowed: Mask) -> Iterator[Columns]:
        """What can be read of the allowed records."""
        numbers, sizes = np.unique(self._cut.quotes[allowed], return_counts=True)
        for quotes in numbers[(sizes >= FEW) & (numbers > 0)].tolist():
            yield from self._of_quotes(np.flatnonzero(allowed & (self._cut.quotes == quotes)), quotes)

    def _of_quotes(self, rows: Integers, quotes: int) -> Iterator[Columns]:
        known = iter(self._layouts.of(quotes))
        attempts = _ATTEMPTS
        while len(rows) >= FEW and attempts:
            layout = next(known, None)
            if layout is None:
                attempts -= 1
                layout = self._learnt(int(rows[0]))
            if layout is None:
                rows = rows[1:]
                continue
            values, written = self._values(layout, rows)
            if written.any():
                self._layouts.served(layout)
                yield from self._columns(layout, *_kept(values, rows, written))
                rows = rows[~written]

    def _learnt(self, row: int) -> Layout | None:
        [record] = self._records.at([row])
        try:
            event = decode_event(record.value or b"")
            copy_line(event, record)
        except RecordError:
            return None
        return layout_of(record.value or b"", event)

    def _values(self, layout: Layout, rows: Integers) -> tuple[dict[Slot, Texts], Mask]:
        """What stands in the slots of the layout, and which of the records it makes again."""
        found = [self._cut.piece(number, rows) for number in layout.pieces]
        parts: list[Part] = [part for pair in zip(layout.texts, [*found, ""], strict=True) for part in pair]
        texts = self._cut.values if len(rows) == len(self._records) else taken(self._cut.values, rows)
        return dict(zip(layout.slots, found, strict=True)), mask_of(pc.equal(joined(*parts), texts))

    def _columns(self, layout: Layout, values: dict[Slot, Texts], rows: Integers) -> Iterator[Columns]:
        event = layout.event
        if not self._dates[0] <= event.trading_date <= self._dates[1]:
            return
        counts: dict[str, Integers] = {}
        good = _are_good(layout, values, counts)
        requested_at, _, are_times = checks.times(values["requested_at", None])
        received_at, received_us, also_times = checks.times(values["received_at", None])
        good &= are_times & also_times
        columns: dict[Slot, Any] = {**values, ("requested_at", None): requested_at, ("received_at", None): received_at}
        if not good.all():
            columns, rows = _kept(columns, rows, good)
            received_us, counts = received_us[good], {name: numbers[good] for name, numbers in counts.items()}
        if len(rows):
            yield Columns(rows, self._table(layout, columns, rows, received_us, counts))

    def _table(
        self, layout: Layout, values: Values, rows: Integers, received_us: Integers, counts: Mapping[str, Integers]
    ) -> pa.Table:
        event, size = layout.event, len(rows)
        offsets = self._offsets[rows]
        columns: dict[str, Part] = {
            "event_at": floored(values["event_at", None]),
            "kafka_topic": self._records.topic,
            "kafka_partition": str(self._records.partition),
            "kafka_offset": pa.array(offsets).cast(pa.string()),
        }
        for name in ("trade_id", "sequence"):
            if (name, None) in values:
                columns[f"{name}_number"] = as_number(values[name, None])
        part: Any = pa.nulls(size, pa.string())
        if isinstance(event, Trade):
            columns |= bar_columns(event, layout, values, size)
            part = columns["bar_session_part"]
            columns["bar_start"] = bar_start(values["event_at", None], part)
            part = pc.if_else(pc.equal(part, NULL), None, part)
        cohort = self._cohorts.setdefault(Cohort.of(event), len(self._cohorts))
        return pa.Table.from_pydict(
            {
                "offset": offsets,
                "cohort": np.full(size, cohort, np.int32),
                "producer_seq": counts.get("producer_seq", np.full(size, event.producer_seq, np.int64)),
                "symbol": values["symbol", None],
                "entity_id": values["entity_id", None],
                "event_id": values["event_id", None],
                "event_time_ns": counts["event_time_ns"],
                "received_us": received_us,
                "bar_session_part": part,
                "line": lines(layout, values, columns),
            },
            schema=SCHEMA,
        )


def _are_good(layout: Layout, values: dict[Slot, Texts], counts: dict[str, Integers]) -> Mask:
    """Whether every value passes the contract's checks; the texts of counts are put in place of their pieces."""
    good = checks.are_ids(values["entity_id", None]) & checks.are_ids(values["event_id", None])
    good &= checks.are_names(values["symbol", None])
    for name in _COUNTS:
        if (name, None) in values:
            values[name, None], counts[name], are_counts = checks.counts(values[name, None])
            good &= are_counts
    good &= checks.are_moments(values["event_at", None], counts["event_time_ns"])
    good &= checks.are_near(counts["event_time_ns"], layout.event.trading_date, *FARTHEST_DAYS)
    if isinstance(layout.event, Trade):
        good &= checks.are_trades(values["price", None], values["size", None])
    for name in _NUMBERS:
        if (name, None) in values:
            good &= checks.are_numbers(values[name, None], number_pattern(name))
    return good


def _kept(values: dict[Slot, Texts], rows: Integers, mask: Mask) -> tuple[dict[Slot, Texts], Integers]:
    if mask.all():
        return values, rows
    return {slot: chosen(column, mask) for slot, column in values.items()}, rows[mask]
