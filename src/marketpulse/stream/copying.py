"""What a batch copies into Postgres: lines of COPY text, composed for all facts at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from marketpulse.stream.arrays import Texts, pc
from marketpulse.stream.facts import Facts
from marketpulse.stream.row import NULL
from marketpulse.stream.versions import Versions
from marketpulse.stream.written import joined

_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def events(facts: Facts, batch_id: object) -> Iterator[Texts]:
    """Lines for market.event."""
    for lines in facts.table.column("line").chunks:
        yield joined(lines, f"\t{batch_id}\n")


def incoming(versions: Versions) -> Iterator[Texts]:
    """Lines for `incoming`, where versions meet those that are known."""
    start = 0
    for lines in versions.distinct.table.column("line").chunks:
        rivals = pa.array(versions.rivals[start : start + len(lines)])
        start += len(lines)
        yield joined(lines, pc.if_else(rivals, "\tt\n", "\tf\n"))


def touched(facts: Facts) -> Iterator[Texts]:
    """Lines for `touched`: the minutes, symbols and days that the facts are about."""
    table: Any = facts.touched().combine_chunks()
    if not len(table):
        return
    cohorts = table.column("cohort").chunk(0)
    commons = pa.array(
        [
            "\t".join(
                (
                    _escaped_text(cohort.feed),
                    cohort.event_type,
                    cohort.trading_date.isoformat(),
                    "t" if cohort.advances_progress else "f",
                )
            )
            for cohort in facts.cohorts
        ]
    )
    columns: list[Texts] = [
        _escaped(table.column("symbol").chunk(0)),
        commons.take(cohorts),
        *(_nullable(table.column(name).chunk(0)) for name in ("bar_session_part", "minute", "entity_id")),
        pa.array(table.column("event_time_ns").to_numpy() // 1000).cast(pa.string()),
    ]
    tabbed = [part for column in columns for part in (column, "\t")]
    yield joined(*tabbed[:-1], "\n")


def buffer(texts: Texts) -> memoryview:
    """The bytes of the texts, one behind the other, as they lie in memory."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)
    start, end = int(bounds[texts.offset]), int(bounds[texts.offset + len(texts)])
    return memoryview(data)[start:end] if data is not None else memoryview(b"")


def _nullable(column: Any) -> Texts:
    return pc.fill_null(column.cast(pa.string()), NULL)


def _escaped(texts: Texts) -> Texts:
    for character, escape in _ESCAPES:
        texts = pc.replace_substring(texts, character, escape)
    return texts


def _escaped_text(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text
