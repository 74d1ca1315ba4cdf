"""The layout of an event's record: its bytes with the values taken out that differ from one record to the next.

A producer writes its records alike: the same members in the same order, and most of them with the same value. Whoever
finds a record's own values between the constant texts of the layout of a *strictly decoded* record, and finds nothing
else, knows what the record says: valid JSON, every member once, and all that is constant as it was checked.
"""

import json
from dataclasses import dataclass

import msgspec

from marketpulse.events.event import AnyEvent, Quote, Trade

# The members whose values vary; the others are constant in a layout. Lists and `extra` vary in their texts.
_TEXTS = frozenset(
    """
    entity_id event_id symbol provider_symbol event_at requested_at received_at
    price size trade_id exchange trf tape sequence bid ask bid_size ask_size bid_exchange ask_exchange
    """.split()  # noqa: SIM905 - a table of words reads better than twenty strings
)
_COUNTS = frozenset(("event_time_ns", "producer_seq", "participant_time_ns"))
_LISTS = frozenset(("conditions", "quality"))
# A layout's texts are written once for every record that it is tried on.
_LONGEST = 8_192

# A member, and within a list or `extra` the number or key of a text.
Slot = tuple[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """`texts` and the values of `slots` in turn make a record; there is one text more.

    `pieces` says where each value is when the record is cut at its quotation marks, of which it has `quotes`; that of a
    number comes with the colon before it and the comma behind it. `event` is the record that was decoded.
    """

    event: Trade | Quote
    quotes: int
    texts: tuple[str, ...]
    slots: tuple[Slot, ...]
    pieces: tuple[int, ...]

    def parts(self, member: str) -> list[Slot]:
        """The slots of a member, in order."""
        return [slot for slot in self.slots if slot[0] == member]


def layout_of(value: bytes, event: AnyEvent) -> Layout | None:
    """The layout of a record that was decoded to this event; None when it is written in another way than ours."""
    if not isinstance(event, Trade | Quote):
        return None
    written = _Writer()
    for name, content in json.loads(value).items():
        if name != "event_type" and name not in event.__struct_fields__:
            return None
        written.member(name, content)
    text = written.text + "}"
    quotes = text.count('"')
    # What follows the last mark runs on into the next record.
    if text.encode() != value or quotes in written.slots or len(text) > _LONGEST:
        return None
    pieces = text.split('"')
    texts = [""]
    for number, piece in enumerate(pieces):
        texts[-1] += '"' if number else ""
        if number in written.slots:
            texts.append("")
        else:
            texts[-1] += piece
    return Layout(event, quotes, tuple(texts), tuple(written.slots.values()), tuple(written.slots))


class _Writer:
    """Writes members as our own encoder does, and notes in which pieces the varying values are."""

    def __init__(self) -> None:
        self.text = ""
        self.slots: dict[int, Slot] = {}

    def member(self, name: str, content: object) -> None:
        self.text += ("," if self.text else "{") + f'"{name}":'
        if isinstance(content, list) and name in _LISTS:
            self.text += "["
            for number, item in enumerate(content):
                self.text += "," if number else ""
                self._text((name, number), item)
            self.text += "]"
        elif isinstance(content, dict) and name == "extra":
            self.text += "{"
            for number, (key, item) in enumerate(content.items()):
                self.text += ("," if number else "") + f'"{key}":'
                self._text((name, key), item)
            self.text += "}"
        elif isinstance(content, str) and name in _TEXTS:
            self._text((name, None), content)
        else:
            if type(content) is int and name in _COUNTS:
                self.slots[self.text.count('"')] = (name, None)
            self.text += msgspec.json.encode(content).decode()

    def _text(self, slot: Slot, content: object) -> None:
        self.slots[self.text.count('"') + 1] = slot
        self.text += f'"{content}"'
