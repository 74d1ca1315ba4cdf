"""The table of malformed and hostile records (strange_records.json), made into the bytes that Kafka would hand over.

A record is `text` (null: a tombstone), `base64`, `parts` (texts, each so many times) or `replace` (what stands instead
of something in one of the `bases`). `#BASE#` is the trade of the bases, `#ID#` an id of the record's own. Expected is
`dead_letter` with its reason, or `landed` with columns of market.event as text.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketpulse.events.identity import digest32
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

_TABLE: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class StrangeRecord:
    """One line of the table. `reason` None: it lands, with the values of `landed`."""

    name: str
    topic: str
    value: bytes | None
    reason: str | None
    landed: dict[str, str | None]


def strange_records() -> list[StrangeRecord]:
    return [_record(line) for line in _TABLE["records"]]


def _record(line: dict[str, Any]) -> StrangeRecord:
    base = line.get("base", "trade")
    topic = line.get("topic", DEAD_LETTER_TOPIC if base == "letter" else EVENT_TOPIC)
    return StrangeRecord(line["name"], topic, _value(line, base), line.get("dead_letter"), line.get("landed", {}))


def _value(line: dict[str, Any], base: str) -> bytes | None:
    if "base64" in line:
        return base64.b64decode(line["base64"])
    text: str | None = line.get("text")
    if "parts" in line:
        text = _repeated(line["parts"])
    elif "replace" in line:
        text = _TABLE["bases"][base]
        for old, new in line["replace"]:
            assert old in text, f"{line['name']}: {old} is not in the base"
            text = text.replace(old, new if isinstance(new, str) else _repeated(new))
    if text is None:
        return None
    return text.replace("#BASE#", _TABLE["bases"]["trade"]).replace("#ID#", digest32(line["name"])).encode()


def _repeated(parts: list[tuple[str, int]]) -> str:
    return "".join(part * times for part, times in parts)
