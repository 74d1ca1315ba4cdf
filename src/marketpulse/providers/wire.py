"""JSON as providers send it: numbers exact, bad parts kept beside the good ones instead of spoiling a whole page.

What plain JSON cannot say (NaN, a key twice in one object) becomes a marker value that no field accepts, so one
record is refused with its text while its neighbours go on.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketpulse.errors import RecordError
from marketpulse.events.text import is_storable

_DEEPEST_POINTER = 16
_LONGEST_INTEGER = 40


@dataclass(frozen=True, slots=True)
class NotJson:
    """Text that is no value of JSON, or none that can be computed with: NaN, Infinity, 1e99999999999999999999."""

    text: str


@dataclass(frozen=True, slots=True)
class RepeatedKeys:
    """An object that holds a key more than once, member by member."""

    members: tuple[tuple[str, Any], ...]


def read_json(body: bytes) -> Any:
    """The value of a body: fractions as Decimal, marker values for what is not JSON inside of it.

    Raises RecordError(not_json) for a body that is truncated, not UTF-8, or no JSON at all.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=NotJson,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise RecordError("not_json", str(error)[:200]) from None


def json_text(value: Any) -> str:
    """Compact JSON text of a value that `read_json` returned, with every digit and every repeated key.

    It is the wire's own text but for white space and the choice among escapes.
    """
    parts: list[str] = []
    # Not recursive: text may be nested as deep as the parser goes.
    pending = [value]
    while pending:
        match pending.pop():
            case dict() as members:
                pending.extend(reversed(_pieces(members.items())))
            case RepeatedKeys(members):
                pending.extend(reversed(_pieces(members)))
            case list() as items:
                pending.extend([NotJson("]"), *reversed(_separated([[item] for item in items])), NotJson("[")])
            case NotJson(text):
                parts.append(text)
            case scalar:
                parts.append(_scalar_text(scalar))
    return "".join(parts)


def leaves(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every leaf below a value as (JSON pointer, JSON text).

    An empty object or list is a leaf, and so is whatever lies deeper than 16 steps.
    """
    members: Iterable[tuple[str, Any]]
    shallow = pointer.count("/") < _DEEPEST_POINTER
    if isinstance(value, dict) and value and shallow:
        members = value.items()
    elif isinstance(value, list) and value and shallow:
        members = ((str(index), member) for index, member in enumerate(value))
    else:
        yield pointer, json_text(value)
        return
    for name, member in members:
        yield from leaves(member, pointer + pointer_step(name))


def pointer_step(name: str) -> str:
    """A member's name as a step of a JSON pointer (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _whole(text: str) -> int | Decimal:
    # Python refuses to read integers of thousands of digits; a Decimal carries them to the field that refuses them.
    return int(text) if len(text) < _LONGEST_INTEGER else Decimal(text)


def _fraction(text: str) -> Decimal | NotJson:
    try:
        return Decimal(text)
    except ArithmeticError:
        return NotJson(text)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any] | RepeatedKeys:
    made = dict(members)
    return made if len(made) == len(members) else RepeatedKeys(tuple(members))


def _pieces(members: Iterable[tuple[str, Any]]) -> list[Any]:
    """The text of an object, with its values still to be written."""
    named = [[NotJson(_scalar_text(name) + ":"), value] for name, value in members]
    return [NotJson("{"), *_separated(named), NotJson("}")]


def _separated(groups: list[list[Any]]) -> list[Any]:
    return [piece for index, group in enumerate(groups) for piece in ([NotJson(","), *group] if index else group)]


def _scalar_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    # Half of a surrogate pair is legal in JSON escapes and impossible in UTF-8: it stays an escape.
    return text if text.isascii() or is_storable(text) else json.dumps(value)
