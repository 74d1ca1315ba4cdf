"""How many records an answer of Alpaca holds: counted by the brackets of the wire, before anything becomes an event."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from marketpulse.providers.provider import Query
from marketpulse.providers.wire import read_json

_SNAPSHOT_PARTS = ("latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar")
_NULL = b"null"

# Raw stops at the brackets of a value and reads nothing inside of it.
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])


def wire_records(body: bytes, query: Query) -> int:
    """The records of a readable answer. What stands where records should be, or was not asked for, counts as one.

    A part of a snapshot is a record; parts of other names belong to those, and alone they are one.
    """
    if query.endpoint == "snapshots":
        return _counted(read_json(body), query, _parts)
    try:
        lists = bytes(_members.decode(body)[query.endpoint])
        return 0 if lists == _NULL else _counted(_members.decode(lists), query, _raw_length)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A strict reader stops at NaN and its like, and one such record must not hide its neighbours.
        return _counted(read_json(body)[query.endpoint], query, _length)


def _counted(symbols: Mapping[str, Any], query: Query, length: Callable[[Any], int]) -> int:
    asked = frozenset(query.symbols)
    return sum(length(value) if symbol in asked else 1 for symbol, value in symbols.items())


def _raw_length(value: msgspec.Raw) -> int:
    text = bytes(value)
    if text.startswith(b"["):
        return len(_items.decode(text))
    return int(text != _NULL)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else int(value is not None)


def _parts(value: Any) -> int:
    if not isinstance(value, dict):
        return int(value is not None)
    known = sum(value.get(name) is not None for name in _SNAPSHOT_PARTS)
    return known or int(any(name not in _SNAPSHOT_PARTS for name in value))
