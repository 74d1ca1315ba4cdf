"""Single members of Alpaca's records: read, checked, and refused with a RecordError that names the member."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from marketpulse.errors import RecordError
from marketpulse.events.event import Action
from marketpulse.events.text import is_storable
from marketpulse.events.timestamps import rfc3339_ns
from marketpulse.providers.wire import leaves, pointer_step

_LARGEST = 2**63 - 1
_MICRO = Decimal("0.000001")
_ACTIONS: dict[str, Action] = {"canceled": "cancel", "incorrect": "cancel", "corrected": "new"}
_NO_EXTRA: dict[str, str] = {}


def time_ns(record: dict[str, Any]) -> int:
    """The record's `t` in nanoseconds."""
    wire = record.get("t")
    try:
        ns = rfc3339_ns(wire) if isinstance(wire, str) else -1
    except ValueError as error:
        raise RecordError("time", str(error)) from None
    if not 0 <= ns <= _LARGEST:
        raise RecordError("time", f"t is {str(wire)[:40]!r}, a time from 1970 to 2262 is wanted")
    return ns


def trade_id_text(wire: Any) -> str:
    """A trade's `i`, a number on the wire, as text."""
    if type(wire) is int or (isinstance(wire, str) and wire and is_storable(wire)):
        return str(wire)
    raise RecordError("schema", f"i is {str(wire)[:40]!a}, a trade id is wanted")


def trade_action(wire: Any) -> Action:
    """What a trade's `u` says: taken back, or new (also the replacement of one that was taken back)."""
    if wire is None:
        return "new"
    if isinstance(wire, str) and wire in _ACTIONS:
        return _ACTIONS[wire]
    raise RecordError("schema", f"u is {str(wire)[:40]!a}, not one of {', '.join(_ACTIONS)}")


def text(record: dict[str, Any], name: str) -> str | None:
    """An optional text."""
    wire = record.get(name)
    if wire is None or (isinstance(wire, str) and is_storable(wire)):
        return wire
    raise RecordError("schema", f"{name} is {str(wire)[:40]!a}, a text is wanted")


def count(record: dict[str, Any], name: str) -> int | None:
    """An optional whole number, zero or more."""
    wire = record.get(name)
    if wire is None or (type(wire) is int and 0 <= wire <= _LARGEST):
        return wire
    raise RecordError("number", f"{name} is {str(wire)[:40]!a}, a count is wanted")


def texts(record: dict[str, Any], name: str) -> tuple[str, ...]:
    """An optional list of texts."""
    wire = record.get(name)
    if wire is None:
        return ()
    try:
        if isinstance(wire, list) and _are_texts(*wire):
            return tuple(wire)
    except TypeError:
        # A list or an object among the members cannot be looked up: no text either.
        pass
    raise RecordError("schema", f"{name} is {str(wire)[:40]!a}, a list of texts is wanted")


@lru_cache(maxsize=4096)
def _are_texts(*members: Any) -> bool:
    # A market uses a few dozen combinations of conditions: each is checked once.
    return all(isinstance(member, str) and is_storable(member) for member in members)


def rounded(wire: Any) -> Any:
    """A derived number to six decimals; what is no number is left for the check that follows."""
    if not isinstance(wire, Decimal) or not wire.is_finite() or abs(wire) >= 10**12:
        return wire
    return wire.quantize(_MICRO, ROUND_HALF_EVEN) if wire != wire.quantize(_MICRO) else wire


def unmapped(record: dict[str, Any], mapped: frozenset[str]) -> dict[str, str]:
    """Every leaf that no field holds: JSON pointer within the record, to JSON text."""
    if record.keys() <= mapped:
        return _NO_EXTRA
    names = [name for name in record if name not in mapped]
    if not all(map(is_storable, names)):
        raise RecordError("schema", "a member's name cannot be stored")
    return {pointer: text for name in names for pointer, text in leaves(record[name], pointer_step(name))}
