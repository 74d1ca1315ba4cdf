"""Events and dead letters to JSON bytes and back: the same contract as include/schemas.

Decoding is strict, so what it returns can be stored without another look. It raises RecordError with one of these
reasons: `not_json` (no UTF-8 JSON object, or one nested deeper than 64 levels), `duplicate_key`,
`schema` (a field missing or of a wrong type),
`number` (no plain decimal string, negative, out of range), `identity` (an id that is not 32 hex digits),
`text` (a NUL or half a surrogate pair, which Postgres cannot hold), `time` (event_at, event_time_ns and trading_date
disagree, or a time without a zone). Fields that it does not know are ignored, so that an older reader survives a newer
writer.
"""

import json
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, TypeVar, get_args

import msgspec

from marketpulse.errors import RecordError
from marketpulse.events.event import AnyEvent, Bar, DeadLetter, Trade
from marketpulse.events.number import PRICE_PATTERN, SIGNED_PATTERN, SIZE_PATTERN, check_text
from marketpulse.events.text import is_storable
from marketpulse.events.timestamps import NS_PER_DAY, format_ns

_SIZES = frozenset({"size", "bid_size", "ask_size", "volume", "day_volume"})
_SIGNED = frozenset({"change", "change_percent"})
_LARGEST_BIGINT = 2**63 - 1
_LARGEST = {"delay_s": 2**31 - 1}
_ID = re.compile(r"[0-9a-f]{32}\Z")

# The trading date of a moment after Friday's close is the next session's; the longest closure of XNYS was a week.
FARTHEST_DAYS = (-1, 10)

# Far above anything that a provider sends and far below what the interpreter's stack can hold: what lands must not
# depend on how deep the reader's own calls are.
_DEEPEST = 64

_encoder = msgspec.json.Encoder(decimal_format="string")
_E = TypeVar("_E", bound=AnyEvent)


def number_pattern(field: str) -> str:
    """The regular expression that the decimal string of a field must match."""
    if field in _SIZES:
        return SIZE_PATTERN
    return SIGNED_PATTERN if field in _SIGNED else PRICE_PATTERN


def _fields_of(event_type: type[msgspec.Struct], kind: str) -> tuple[str, ...]:
    fields = msgspec.inspect.type_info(event_type).fields  # type: ignore[attr-defined]
    return tuple(field.name for field in fields if f"{kind}(" in str(field.type))


_NUMBERS = {
    event_type.__struct_config__.tag: tuple(
        (name, number_pattern(name)) for name in _fields_of(event_type, "DecimalType")
    )
    for event_type in get_args(AnyEvent)
}
_INTEGERS = {event_type: _fields_of(event_type, "IntType") for event_type in (*get_args(AnyEvent), DeadLetter)}


def encode(event: AnyEvent) -> bytes:
    """The JSON of an event: decimal strings, absent fields left out. The adapter vouches for the numbers' form."""
    return _encoder.encode(event)


def encode_dead_letter(dead_letter: DeadLetter) -> bytes:
    return _encoder.encode(dead_letter)


def decode_event(raw: bytes) -> AnyEvent:
    """The event of a record's value, checked against the whole contract. Raises RecordError (see the module)."""
    record = _json_object(raw)
    kind = record.get("event_type")
    for name, pattern in _NUMBERS.get(kind, ()) if isinstance(kind, str) else ():
        if record.get(name) is not None:
            check_text(name, record[name], pattern)
    event: AnyEvent = _convert(record, AnyEvent)
    _check_ids(event)
    _check_integers(event)
    _check_times(event)
    if isinstance(event, Trade) and not event.price:
        raise RecordError("number", "price is 0, a price is above zero")
    return event


def decode_dead_letter(raw: bytes) -> DeadLetter:
    """The dead letter of a record's value. Raises RecordError (see the module)."""
    dead_letter: DeadLetter = _convert(_json_object(raw), DeadLetter)
    if _ID.match(dead_letter.dead_letter_id) is None:
        raise RecordError("identity", f"dead_letter_id is {dead_letter.dead_letter_id[:40]!r}, not 32 hex digits")
    _check_integers(dead_letter)
    _check_zones(dead_letter)
    return dead_letter


def stamped(event: _E, producer_id: str, producer_seq: int) -> _E:
    """The event as published: with its producer's name and number."""
    return msgspec.structs.replace(event, producer_id=producer_id, producer_seq=producer_seq)


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RecordError("not_json", str(error)[:200]) from None
    if raw.count(b"{") + raw.count(b"[") > _DEEPEST and _is_deeper(record, _DEEPEST):
        raise RecordError("not_json", f"nested deeper than {_DEEPEST} levels")
    if not isinstance(record, dict):
        raise RecordError("not_json", f"a JSON object is wanted, this is {type(record).__name__}")
    # What cannot be stored can only have come in through an escape, so few records pay for the search.
    if b"\\u" in raw:
        _check_texts(record)
    return record


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(value, dict | list) for value in level)


def _check_texts(value: Any) -> None:
    if isinstance(value, str) and not is_storable(value):
        raise RecordError("text", f"{value[:40]!a} cannot be stored")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    for member in value if isinstance(value, list) else ():
        _check_texts(member)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise RecordError("duplicate_key", ", ".join(sorted({name for name in names if names.count(name) > 1}))[:200])
    return record


def _refuse_constant(text: str) -> Any:
    raise RecordError("not_json", f"{text} is not JSON")


def _convert(record: dict[str, Any], wanted: Any) -> Any:
    try:
        return msgspec.convert(record, wanted, strict=True)
    except (msgspec.ValidationError, ArithmeticError, ValueError) as error:
        raise RecordError("schema", str(error)[:200]) from None


def _check_ids(event: AnyEvent) -> None:
    for name, value in (("entity_id", event.entity_id), ("event_id", event.event_id)):
        if _ID.match(value) is None:
            raise RecordError("identity", f"{name} is {value[:40]!r}, not 32 hex digits")
    if not event.symbol:
        raise RecordError("schema", "symbol is empty")


def _check_integers(record: AnyEvent | DeadLetter) -> None:
    for name in _INTEGERS[type(record)]:
        value = getattr(record, name)
        if value is not None and not 0 <= value <= _LARGEST.get(name, _LARGEST_BIGINT):
            raise RecordError("number", f"{name} is out of range: {str(value)[:40]}")


def _check_times(event: AnyEvent) -> None:
    if format_ns(event.event_time_ns) != event.event_at:
        raise RecordError("time", f"event_at {event.event_at[:40]} is not event_time_ns {event.event_time_ns}")
    day = _utc_date(event.event_time_ns // NS_PER_DAY)
    if not FARTHEST_DAYS[0] <= (event.trading_date - day).days <= FARTHEST_DAYS[1]:
        raise RecordError("time", f"trading_date {event.trading_date} does not go with event_at {event.event_at}")
    if isinstance(event, Bar) and event.bar_start_ns >= event.bar_end_ns:
        raise RecordError("time", f"the bar ends at {event.bar_end_ns}, not after its start {event.bar_start_ns}")
    _check_zones(event)


def _check_zones(record: AnyEvent | DeadLetter) -> None:
    if record.requested_at.tzinfo is None or record.received_at.tzinfo is None:
        raise RecordError("time", "requested_at and received_at need a zone")


@lru_cache(maxsize=64)
def _utc_date(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)
