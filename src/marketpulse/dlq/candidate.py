"""Which event a dead letter would be, and whether the stream would take it: the same reading decides both times."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

import msgspec

from marketpulse.clock import HostClock, market_clock
from marketpulse.dlq.letter import StoredLetter
from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.codec import decode_event, encode
from marketpulse.events.event import AnyEvent
from marketpulse.events.session import calendar
from marketpulse.providers.provider import Endpoint, Query, Response
from marketpulse.providers.registry import provider
from marketpulse.settings import EVENT_TOPIC, Settings
from marketpulse.stream.reading import read_records
from marketpulse.stream.record import Record, Records

_WHOLE_RECORD = "give the whole event of the contract with --file"


@dataclass(frozen=True, slots=True)
class Bench:
    """What one needs to know beside the letter: today by the later of the two clocks, and how events are marked."""

    newest_date: date
    calendar: str
    synthetic: bool

    @classmethod
    def of(cls, settings: Settings) -> "Bench":
        """The bench of these settings. Raises RetriableError when the market clock does not answer."""
        now = max(market_clock(settings.market_clock).now(), HostClock().now())
        return cls(now.date(), settings.calendar, settings.synthetic)


def candidate(letter: StoredLetter, bench: Bench) -> AnyEvent:
    """The event of the letter's correction, or of its own bytes when a newer program or clock can read them.

    Raises RecordError when there is none that the stream would take.
    """
    if letter.fixed_body is not None:
        return checked(letter.fixed_body, bench)
    if letter.feed is None:
        return checked(letter.body, bench)
    return wire_event(letter, letter.body.decode("utf-8", errors="replace"), bench)


def checked(body: bytes, bench: Bench) -> AnyEvent:
    """The event of a record's bytes. Raises RecordError for whatever the stream would make a dead letter of."""
    records = Records.of([Record(EVENT_TOPIC, 0, 0, datetime.now(UTC), body)])
    reading = read_records(records, newest_date=bench.newest_date)
    for refused in reading.letters:
        raise RecordError(refused.reason, refused.detail)
    return decode_event(body)


def wire_event(letter: StoredLetter, record: str, bench: Bench) -> AnyEvent:
    """The event of what a provider sent, by the provider's own adapter. Raises RecordError."""
    if not letter.provider or not letter.endpoint or not letter.symbol or letter.received_at is None:
        raise RecordError("schema", f"the letter does not say whose record it is: {_WHOLE_RECORD}")
    try:
        adapter = provider(letter.provider)
    except OperatorError:
        raise RecordError(
            "schema", f"records of {letter.provider} cannot be read one by one: {_WHOLE_RECORD}"
        ) from None
    endpoint = cast("Endpoint", letter.endpoint.removeprefix(f"{letter.provider}."))
    answer = adapter.answer(endpoint, letter.symbol, record)
    query = Query(endpoint, letter.feed or "", (letter.symbol,))
    response = Response(200, {}, answer, letter.received_at, letter.received_at)
    page = adapter.normalize(response, query, calendar(bench.calendar), synthetic=bench.synthetic)
    for refused in page.rejected:
        raise RecordError(refused.reason, refused.detail)
    if len(page.events) != 1:
        raise RecordError("schema", f"this is {len(page.events)} records, one is wanted")
    return checked(encode(page.events[0]), bench)


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a letter's or a file's bytes, its numbers exact. Raises RecordError."""
    try:
        record = parsed_value(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecordError("not_json", f"{str(error)[:100]}: {_WHOLE_RECORD}") from None
    if not isinstance(record, dict):
        raise RecordError("not_json", f"this is {type(record).__name__} and no object: {_WHOLE_RECORD}")
    return record


def parsed_value(text: str) -> Any:
    """A value of JSON, numbers with a fraction as they were written. Raises ValueError, or RecordError."""
    return json.loads(text, parse_float=_exact, parse_constant=_refused, object_pairs_hook=_unique)


def written(record: dict[str, Any]) -> bytes:
    """The object as JSON. Raises RecordError when it holds what JSON cannot."""
    try:
        return msgspec.json.encode(record)
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError("not_json", str(error)[:100]) from None


def _exact(text: str) -> msgspec.Raw:
    # A number is handed on as it was written.
    return msgspec.Raw(text.encode("ascii"))


def _refused(text: str) -> Any:
    raise RecordError("not_json", f"{text} is not JSON: {_WHOLE_RECORD}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise RecordError("duplicate_key", f"a key stands there twice: {_WHOLE_RECORD}")
    return record
