"""Dead letters on a terminal and as JSON: without keys, and without anything that a terminal would act on."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from marketpulse.dlq.acceptance import Accepted
from marketpulse.dlq.correction import Fixed
from marketpulse.dlq.letter import History, StoredLetter
from marketpulse.dlq.replay import Replayed
from marketpulse.errors import RecordError
from marketpulse.events.codec import encode
from marketpulse.ingest.redaction import Redactor
from marketpulse.settings import Settings

# How much of a body a list reads, and `show` without --full.
LIST_BODY = 0
SHOWN_BODY = 4_000
_DETAIL = 60
_NAMED = 10

Count = tuple[str, str, int]


def redactor(settings: Settings) -> Redactor:
    """Masks the provider's keys of these settings and everything named like a key."""
    return Redactor((settings.api_key.get_secret_value(), settings.api_secret.get_secret_value()))


def shown(raw: bytes | str, redact: Redactor) -> str:
    """Bytes or text as one can print them: keys masked, what is not text or not printable escaped."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", errors="backslashreplace")
    masked = redact(text)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in masked
    )


def as_dict(letter: StoredLetter, redact: Redactor) -> dict[str, Any]:
    """The letter with its text fit to print; times in UTC."""
    fields = {name: getattr(letter, name) for name in letter.__slots__}
    fields["body"] = shown(letter.body, redact)
    if len(letter.body) == letter.body_bytes:
        fields["body_sha256"] = hashlib.sha256(letter.body).hexdigest()
    fields["fixed_body"] = None if letter.fixed_body is None else shown(letter.fixed_body, redact)
    return {name: shown(value, redact) if isinstance(value, str) else value for name, value in fields.items()}


def list_as_json(letters: Sequence[StoredLetter], counted: Sequence[Count], redact: Redactor) -> str:
    """One object: the letters, and how many there are of each state and reason."""
    hidden = ("body", "body_sha256", "fixed_body")
    rows = [{name: value for name, value in as_dict(one, redact).items() if name not in hidden} for one in letters]
    groups = [{"state": state, "reason": shown(reason, redact), "letters": count} for state, reason, count in counted]
    return _json({"letters": rows, "counts": groups})


def list_as_text(letters: Sequence[StoredLetter], counted: Sequence[Count], redact: Redactor) -> str:
    """A line a letter, and one line that counts all of them."""
    lines = [_line(letter, redact) for letter in letters]
    total = sum(count for _, _, count in counted)
    groups = ", ".join(f"{count:,} {state} {shown(reason, redact)[:_DETAIL]}" for state, reason, count in counted)
    if not total:
        return "no dead letters"
    rest = "" if total == len(letters) else f"; the first {len(letters):,} are shown"
    return "\n".join([*lines, f"{total:,} dead letters: {groups}{rest}"])


def one_as_json(letter: StoredLetter, past: History, redact: Redactor) -> str:
    """The letter with its bytes and what was done about it."""
    return _json(as_dict(letter, redact) | {"history": {k: _clean(v, redact) for k, v in past.told().items()}})


def one_as_text(letter: StoredLetter, past: History, redact: Redactor) -> str:
    """The letter, a field a line."""
    fields = as_dict(letter, redact)
    body, fixed_body = fields.pop("body"), fields.pop("fixed_body")
    lines = [f"{name:16} {value}" for name, value in fields.items() if value is not None]
    lines += [f"{name:16} {_clean(value, redact)}" for name, value in past.told().items()]
    if len(letter.body) < letter.body_bytes:
        body += f"... ({letter.body_bytes:,} bytes, --full shows all)"
    lines += ["", "body", body]
    if fixed_body is not None:
        lines += ["", "to be sent as" if letter.is_open else "corrected to", fixed_body]
    return "\n".join(lines)


def fixed_as_text(fixed: Fixed, redact: Redactor) -> str:
    """What will be sent."""
    return (
        f"stored: {fixed.letter.dead_letter_id.hex} will be sent as\n{shown(encode(fixed.event), redact)}\n"
        f"'marketpulse dlq replay {fixed.letter.dead_letter_id.hex}' sends it"
    )


def replayed_as_text(done: Replayed, redact: Redactor, *, dry_run: bool) -> str:
    """How many were sent, and why the others were not."""
    words = "would be sent" if dry_run else "sent and acknowledged; the stream counts each once"
    lines = [f"{len(done.sent):,} {words}", *_settled(done.settled)]
    for one in done.unsent[:_NAMED]:
        lines.append(f"{one.dead_letter_id.hex} stays: {shown(str(one.error), redact)[:200]}")
    if len(done.unsent) > _NAMED:
        lines.append(f"and {len(done.unsent) - _NAMED:,} more stay")
    if done.unsent:
        lines.append("'marketpulse dlq fix' corrects a letter, 'marketpulse dlq accept' gives it up")
    return "\n".join(lines)


def replayed_as_json(done: Replayed, redact: Redactor) -> str:
    """The same as an object."""
    unsent = [{"dead_letter_id": one.dead_letter_id.hex, **_error(one.error, redact)} for one in done.unsent]
    settled = [{"dead_letter_id": one.dead_letter_id.hex, "state": one.state} for one in done.settled]
    return _json({"sent": [letter_id.hex for letter_id in done.sent], "unsent": unsent, "settled": settled})


def accepted_as_text(done: Accepted) -> str:
    """How many were given up, and which were settled before."""
    return "\n".join([f"{done.accepted:,} accepted", *_settled(done.settled)])


def _settled(letters: Sequence[StoredLetter]) -> list[str]:
    lines = [f"{one.dead_letter_id.hex} was {one.state} already" for one in letters[:_NAMED]]
    if len(letters) > _NAMED:
        lines.append(f"and {len(letters) - _NAMED:,} more were settled already")
    return lines


def _line(letter: StoredLetter, redact: Redactor) -> str:
    who = " ".join(filter(None, (letter.provider, letter.producer_id, letter.symbol))) or "-"
    place = f"{letter.kafka_topic}/{letter.kafka_partition}@{letter.kafka_offset}"
    text = f"{letter.reason}: {letter.detail}"
    return (
        f"{letter.dead_letter_id.hex[:12]} {letter.state:8} {letter.landed_at:%Y-%m-%d %H:%M} {place}"
        f" {shown(who, redact)[:_DETAIL]} {shown(text, redact)[:_DETAIL]}"
    )


def _error(error: RecordError, redact: Redactor) -> dict[str, str]:
    return {"reason": shown(error.reason, redact), "detail": shown(error.detail, redact)}


def _clean(value: Any, redact: Redactor) -> Any:
    return shown(value, redact) if isinstance(value, str) else value


def _json(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), indent=2)
