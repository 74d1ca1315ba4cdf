"""When so many records are unusable that something is set up wrongly: then the stream stops, and a person looks.

The limits count, offset by offset, the records of one partition that the stream itself cannot read or store; how they
were cut into batches does not matter. What a producer rejected was judged there, and is not counted.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.stream.reading import Letter
from marketpulse.stream.record import guessed_origin

WHAT_TO_DO = (
    "correct the feed or this program and start the stream again, or let them become dead letters:"
    " 'marketpulse stream resume --accept-dead-letters'"
)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class FloodLimit:
    """`in_a_row` unusable records without a good one between them, or `of_window` among the last `window`, stop."""

    in_a_row: int = 1_000
    window: int = 10_000
    of_window: int = 5_000


LIMIT = FloodLimit()


@dataclass(frozen=True, slots=True)
class Flood:
    """At which offset a limit was reached, which one in words, and what the records have in common."""

    at_offset: int
    rule: str
    reason: str
    source: str


class FloodError(OperatorError):
    """Too many records of a partition are unusable; nothing of the batch from `next_offset` on has landed."""

    def __init__(self, topic: str, partition: int, topic_id: str, next_offset: int, flood: Flood) -> None:
        super().__init__(
            f"{topic}/{partition}: {flood.rule} up to offset {flood.at_offset} are unusable, mostly {flood.reason}"
            f" from {flood.source}; nothing from offset {next_offset} on has landed; {WHAT_TO_DO}"
        )
        self.stop = {
            "topic": topic,
            "partition": partition,
            "topic_id": topic_id,
            "next_offset": next_offset,
            "at_offset": flood.at_offset,
            "rule": flood.rule,
            "reason": flood.reason,
            "source": flood.source,
        }


def reached_at(before: Iterable[int], offsets: Iterable[int], limit: FloodLimit = LIMIT) -> tuple[int, str] | None:
    """The first of `offsets` at which a limit is reached, and which; None when none is.

    Both are ascending offsets of unusable records: those `before` have landed, the others are about to.
    """
    recent = deque[int]()
    row, last, landed = 0, -2, set(before)
    for offset in sorted({*landed, *offsets}):
        row, last = row + 1 if offset == last + 1 else 1, offset
        recent.append(offset)
        while recent[0] <= offset - limit.window:
            recent.popleft()
        if offset in landed:
            continue
        if row >= limit.in_a_row:
            return offset, f"{row:,} records in a row"
        if len(recent) >= limit.of_window:
            return offset, f"{len(recent):,} of the last {limit.window:,} records"
    return None


def find_flood(before: Sequence[int], letters: Sequence[Letter], limit: FloodLimit = LIMIT) -> Flood | None:
    """The flood that these letters, after those at the offsets `before`, make; None when they stay below the limits."""
    found = reached_at(before, (letter.offset for letter in letters), limit)
    if found is None:
        return None
    at_offset, rule = found
    counted = [letter for letter in letters if letter.offset <= at_offset]
    reason, count = Counter(letter.reason for letter in counted).most_common(1)[0]
    details = Counter(letter.detail for letter in counted if letter.reason == reason)
    detail = shown(details.most_common(1)[0][0])
    source = _common(_source(letter) for letter in counted if letter.reason == reason)
    return Flood(at_offset, rule, f"{reason} ({count:,} of {len(counted):,}: {detail})", source)


def shown(text: str, length: int = _SHOWN) -> str:
    """A strange text as part of a line: short, and without anything that a terminal or a log would act on."""
    plain = text[:length].encode("unicode_escape").decode("ascii")
    return plain if len(text) <= length else f"{plain}..."


class _Kind(msgspec.Struct):
    schema_version: Any = None
    event_type: Any = None


_kinds = msgspec.json.Decoder(_Kind)


def _source(letter: Letter) -> str:
    origin = guessed_origin(letter.body)
    named = f"provider {shown(origin.provider)}, producer {shown(origin.producer_id) or 'unknown'}"
    try:
        kind = _kinds.decode(letter.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return named
    version, event_type = shown(str(kind.schema_version), 20), shown(str(kind.event_type), 20)
    return f"{named}, schema_version {version}, event_type {event_type}"


def _common(sources: Iterable[str]) -> str:
    [(source, count)] = (counted := Counter(sources)).most_common(1)
    return source if len(counted) == 1 else f"{source} ({count:,} of {counted.total():,})"
