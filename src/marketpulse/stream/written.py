"""Facts of one layout as COPY text, column by column: the same lines that marketpulse.stream.row writes one by one.

No value of a layout holds a quotation mark, a backslash or a control character, so none needs an escape, neither in
COPY nor in JSON.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import pyarrow as pa

from marketpulse.events.conditions import eligibility_of
from marketpulse.events.event import Trade
from marketpulse.stream.arrays import Texts, pc
from marketpulse.stream.layout import Layout, Slot
from marketpulse.stream.row import NULL, NUMERIC_DIGITS, detail_fields, flag
from marketpulse.stream.statements import event_columns

Values = Mapping[Slot, Texts]
# A text of all records, or a column with each record's own.
Part = str | Texts

_MINUTE_END = len("1970-01-01T00:00:")
_MICROSECOND_END = len("1970-01-01T00:00:00.000000")


def joined(*parts: Part) -> Texts:
    """The parts of each record behind one another. At least one of them is a column."""
    texts = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def lines(layout: Layout, values: Values, columns: Mapping[str, Part]) -> Texts:
    """The records' lines; `columns` are those that are not simply a member's text."""
    parts: list[Part] = []
    for number, name in enumerate(event_columns()):
        parts += ["\t"] if number else []
        parts += [columns[name]] if name in columns else _column(layout, values, name)
    return joined(*_merged(parts))


def bar_columns(event: Trade, layout: Layout, values: Values, size: int) -> dict[str, Texts]:
    """What each trade does to which part of the session: the columns of its bar but the start."""
    tape = layout.parts("tape")
    texts = [values[slot] for slot in layout.parts("conditions") + tape]
    # No text holds a quotation mark, so that it separates them; each different combination is judged once.
    words = pc.binary_join_element_wise(*texts, '"') if texts else pa.repeat("", size)
    encoded = words.dictionary_encode()
    rules = [
        eligibility_of(
            event.feed,
            tuple(combination[: len(texts) - len(tape)]),
            tape=combination[-1] if tape else event.tape,
            session_part=event.session_part,
        )
        for combination in (str(text).split('"') for text in encoded.dictionary.to_pylist())
    ]
    found = {
        "bar_session_part": [rule.bar_session_part or NULL for rule in rules],
        "adds_volume": [flag(rule.adds_volume) for rule in rules],
        "sets_high_low": [flag(rule.sets_high_low) for rule in rules],
        "sets_open_close": [flag(rule.sets_open_close) for rule in rules],
        "auction": [rule.auction or NULL for rule in rules],
    }
    return {name: pa.array(column, pa.string()).take(encoded.indices) for name, column in found.items()}


def bar_start(event_at: Texts, part: Texts) -> Texts:
    """The minute of each trade that belongs to a bar."""
    starts = joined(pc.utf8_slice_codeunits(event_at, 0, _MINUTE_END), "00Z")
    return pc.if_else(pc.equal(part, NULL), NULL, starts)


def floored(event_at: Texts) -> Texts:
    """The times without what a timestamp cannot hold; rounding could carry a stamp into the next minute."""
    return joined(pc.utf8_slice_codeunits(event_at, 0, _MICROSECOND_END), "Z")


def as_number(texts: Texts) -> Texts:
    """A provider's numbers as numbers; anything else has no place in their order."""
    plain = pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), NUMERIC_DIGITS))
    return pc.if_else(plain, texts, NULL)


def _column(layout: Layout, values: Values, name: str) -> list[Part]:
    event = layout.event
    if name in ("conditions", "quality"):
        return _list(layout, values, name)
    if name == "detail":
        return _detail(layout, values)
    if name == "extra":
        return _extra(layout, values)
    if (name, None) in values:
        return [values[name, None]]
    constant: Any = getattr(event, name, None)
    if name == "event_type":
        constant = event.__struct_config__.tag
    if isinstance(constant, bool):
        constant = flag(constant)
    return [NULL if constant is None else str(constant)]


def _list(layout: Layout, values: Values, name: str) -> list[Part]:
    parts: list[Part] = ["{"]
    for number, slot in enumerate(layout.parts(name)):
        parts += [',"' if number else '"', values[slot], '"']
    return [*parts, "}"]


def _extra(layout: Layout, values: Values) -> list[Part]:
    parts: list[Part] = ["{"]
    for number, slot in enumerate(layout.parts("extra")):
        parts += [f'{"," if number else ""}"{slot[1]}":"', values[slot], '"']
    return [*parts, "}"]


def _detail(layout: Layout, values: Values) -> list[Part]:
    parts: list[Part] = []
    for name in detail_fields(type(layout.event)):
        constant = getattr(layout.event, name)
        if constant is None:
            continue
        parts.append(f'{"," if parts else "{"}"{name}":')
        if (name, None) not in values:
            parts.append(msgspec.json.encode(constant).decode())
        elif isinstance(constant, int):
            parts.append(values[name, None])
        else:
            parts += ['"', values[name, None], '"']
    return [*parts, "}"]


def _merged(parts: list[Part]) -> list[Part]:
    """The same with neighbouring texts as one."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, str) and isinstance(last, str):
            merged[-1] = last + part
        else:
            merged.append(part)
    return merged
