"""Correcting a dead letter: a new body, or single values of the old one, checked against the whole contract first.

A producer's letter holds what its provider sent: its values have the provider's names, and the provider's adapter reads
the corrected record. A letter of the stream holds a record of the topic. The bytes that came stay as they are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from marketpulse.dlq.candidate import Bench, checked, parsed, parsed_value, wire_event, written
from marketpulse.dlq.identity import with_ids
from marketpulse.dlq.letter import StoredLetter, changing, the_letter
from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.codec import encode
from marketpulse.events.event import AnyEvent
from marketpulse.resources import include_path, read_sql

_NO_ID = "0" * 32
_IDS = ("entity_id", "event_id")


@dataclass(frozen=True, slots=True)
class Edit:
    """One value of a record to set, or to take out (`removed`); a list's members are counted from 0."""

    path: tuple[str, ...]
    text: str = ""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """The event that a letter will be sent as."""

    letter: StoredLetter
    event: AnyEvent


def parse_set(text: str) -> Edit:
    """The edit of `--set path=value`, such as `price=10.25` or `extra.note=late`. Raises OperatorError."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise OperatorError(f"--set {text[:60]} is not of the form path=value, such as price=10.25")
    return Edit(tuple(path.split(".")), value)


def parse_unset(path: str) -> Edit:
    """The edit of `--unset path`."""
    return Edit(tuple(path.split(".")), removed=True)


def fix(dsn: str, typed: str, edits: Sequence[Edit], *, file: bytes | None, bench: Bench, fixed_by: str) -> Fixed:
    """Store a correction of an open letter, with `file` for its body; the newest correction of a letter counts.

    Raises OperatorError, and stores nothing, when the letter is not open or the corrected record breaks the contract.
    """
    if file is None and not edits:
        raise OperatorError("nothing to correct: give --set path=value, --unset path or --file")
    with changing(dsn) as connection:
        letter = the_letter(connection, typed)
        if not letter.is_open:
            raise OperatorError(f"dead letter {letter.dead_letter_id} was {letter.state} already: it stays as it is")
        try:
            event = corrected(letter, edits, file=file, bench=bench)
        except RecordError as error:
            raise OperatorError(f"the correction breaks the contract and was not stored: {error}") from None
        values = {"dead_letter_id": letter.dead_letter_id, "body": encode(event), "fixed_by": fixed_by}
        connection.execute(read_sql("dlq/insert_fix"), values)
    return Fixed(letter, event)


def corrected(letter: StoredLetter, edits: Sequence[Edit], *, file: bytes | None, bench: Bench) -> AnyEvent:
    """The event of the letter once its body is replaced and edited. Raises RecordError."""
    body = file if file is not None else letter.fixed_body or letter.body
    record = parsed(body)
    # A provider's record knows nothing of the contract's own words.
    is_event = letter.feed is None or "event_type" in record
    for edit in edits:
        _apply(record, edit, _text_fields() if is_event else frozenset())
    if not is_event:
        return wire_event(letter, written(record).decode(), bench)
    given = {name for name in _IDS if name in record and (not edits or (name,) in {edit.path for edit in edits})}
    event = checked(written(record | {name: _NO_ID for name in _IDS if name not in given}), bench)
    computed = with_ids(event)
    ids = {name: getattr(event if name in given else computed, name) for name in _IDS}
    # The numbers are those of the producer that will send it.
    return checked(encode(replace(event, **ids, producer_id="", producer_seq=0)), bench)


def _apply(record: dict[str, Any], edit: Edit, texts: frozenset[str]) -> None:
    *way, last = edit.path
    place: Any = record
    for step in way:
        place = place.setdefault(step, {}) if isinstance(place, dict) else _members(place, step, edit)[int(step)]
    if isinstance(place, dict):
        if not edit.removed:
            place[last] = edit.text if not way and last in texts else _value(edit.text)
        elif last in place:
            del place[last]
        else:
            raise RecordError("schema", f"there is no {'.'.join(edit.path)} to take out")
    elif edit.removed:
        del _members(place, last, edit)[int(last)]
    else:
        _members(place, last, edit)[int(last)] = _value(edit.text)


def _members(place: Any, step: str, edit: Edit) -> list[Any]:
    if not isinstance(place, list) or not step.isdecimal() or int(step) >= len(place):
        raise RecordError("schema", f"there is no {'.'.join(edit.path)} in the record")
    return place


def _value(text: str) -> Any:
    """JSON when it is JSON, otherwise the text itself."""
    try:
        return parsed_value(text)
    except (ValueError, RecordError):
        return text


def _text_fields() -> frozenset[str]:
    """The fields of an event that are text on the wire: prices and sizes too."""
    schema = json.loads(include_path("schemas/event.json").read_text(encoding="utf-8"))
    kinds = [schema, *schema["$defs"].values()]
    return frozenset(
        name for kind in kinds for name, field in kind.get("properties", {}).items() if field.get("type") == "string"
    )
