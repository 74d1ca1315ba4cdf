"""An event as one line of COPY text, in the column order of include/sql/stream/event_columns.sql.

Whatever Postgres would refuse in a field is refused here, as a RecordError: a data error in the middle of a batch
would look like an outage. Numbers were checked by the codec and are written as they came.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from marketpulse.errors import RecordError
from marketpulse.events.conditions import eligibility
from marketpulse.events.event import AnyEvent, Bar, Quote, Trade
from marketpulse.stream.record import NAME_LIMIT, Record

NULL = "\\N"
_BIGINT_LIMIT = 2**63
_INTEGER_LIMIT = 2**31
NUMERIC_DIGITS = 38
# The sums of a bar hold 18 digits of volume and 26 of notional: room for a thousand of the largest trades a minute.
SIZE_LIMIT = Decimal(10) ** 15
NOTIONAL_LIMIT = Decimal(10) ** 22

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_json = msgspec.json.Encoder(decimal_format="string")

# The fields of the contract that have a column, or are the same in every record; the others land in `detail`.
_COLUMNS = frozenset(
    """
    schema_version entity_id event_id action provider endpoint feed synthetic symbol provider_symbol session_part
    trading_date event_at event_time_ns requested_at received_at producer_id producer_seq delay_s currency quality extra
    price size trade_id exchange tape sequence conditions volume_scope
    """.split()  # noqa: SIM905 - a table of words reads better than thirty strings
)


def detail_fields(event_type: type[AnyEvent]) -> tuple[str, ...]:
    """The fields of a kind of event that have no column of their own."""
    return tuple(name for name in event_type.__struct_fields__ if name not in _COLUMNS)


_DETAILS = {kind: detail_fields(kind) for kind in AnyEvent.__args__}
_TAGS = {kind: str(kind.__struct_config__.tag) for kind in AnyEvent.__args__}


def copy_line(event: AnyEvent, record: Record) -> str:
    """The event's line without the line end. Raises RecordError."""
    _check_storable(event, record)
    try:
        line = "\t".join((*_identity(event), *_figures(event), *_bar_place(event), *_arrival(event, record)))
        line.encode("utf-8")
    except (UnicodeEncodeError, OverflowError) as error:
        raise RecordError("unstorable", f"a text or time that no table can hold: {error}"[:200]) from None
    if "\x00" in line:
        raise RecordError("unstorable", "a text holds the character U+0000")
    return line


def _identity(event: AnyEvent) -> tuple[str, ...]:
    return (
        event.trading_date.isoformat(),
        event.entity_id,
        event.event_id,
        _TAGS[type(event)],
        event.action,
        _text(event.provider),
        _text(event.endpoint),
        event.feed,
        _text(event.symbol),
        _text(event.provider_symbol),
        event.session_part,
        event.event_at[:26] + "Z",  # floored: rounding could carry the stamp into the next minute
        str(event.event_time_ns),
    )


def _figures(event: AnyEvent) -> tuple[str, ...]:
    trade = event if isinstance(event, Trade) else None
    conditions = event.conditions if isinstance(event, Trade | Quote) else ()
    return (
        str(trade.price) if trade else NULL,
        str(trade.size) if trade else NULL,
        _text(event.currency),
        _text(trade.exchange if trade else None),
        _text(getattr(event, "tape", None)),
        _text(trade.trade_id if trade else None),
        _text(trade.sequence if trade else None),
        _number(trade.trade_id if trade else None),
        _number(trade.sequence if trade else None),
        _array(conditions),
        _text(getattr(event, "volume_scope", None)),
        _array(event.quality),
        _text(_detail(event)),
        _text(_json.encode(event.extra).decode()) if event.extra else "{}",
    )


def _bar_place(event: AnyEvent) -> tuple[str, ...]:
    if not isinstance(event, Trade):
        return (NULL,) * 6
    rule = eligibility(event)
    part = rule.bar_session_part
    return (
        event.event_at[:17] + "00Z" if part else NULL,
        part or NULL,
        flag(rule.adds_volume),
        flag(rule.sets_high_low),
        flag(rule.sets_open_close),
        rule.auction or NULL,
    )


def _arrival(event: AnyEvent, record: Record) -> tuple[str, ...]:
    return (
        flag(event.synthetic),
        NULL if event.delay_s is None else str(event.delay_s),
        time_text(event.requested_at),
        time_text(event.received_at),
        _text(event.producer_id),
        str(event.producer_seq),
        record.topic,
        str(record.partition),
        str(record.offset),
    )


def _detail(event: AnyEvent) -> str:
    fields = {name: getattr(event, name) for name in _DETAILS[type(event)]}
    return _json.encode({name: value for name, value in fields.items() if value is not None}).decode()


def _check_storable(event: AnyEvent, record: Record) -> None:
    if max(len(event.symbol), len(event.provider), len(event.producer_id)) > NAME_LIMIT:
        raise RecordError("unstorable", f"symbol, provider or producer_id is longer than {NAME_LIMIT} characters")
    if not 0 <= event.producer_seq < _BIGINT_LIMIT:
        raise RecordError("unstorable", "producer_seq is no 64-bit count")
    if event.delay_s is not None and not 0 <= event.delay_s < _INTEGER_LIMIT:
        raise RecordError("unstorable", "delay_s is no 32-bit count")
    if isinstance(event, Trade) and (event.size >= SIZE_LIMIT or event.price * event.size >= NOTIONAL_LIMIT):
        raise RecordError("unstorable", f"{event.size} shares at {event.price} overflow every sum")
    if isinstance(event, Bar):
        numbers = (event.bar_start_ns, event.bar_end_ns, event.trade_count or 0)
        if not all(0 <= number < _BIGINT_LIMIT for number in numbers):
            raise RecordError("unstorable", "bar_start_ns, bar_end_ns or trade_count is no 64-bit count")
    # JSON columns refuse the escaped form, text columns the character; the plain search spares almost every record.
    if record.value and b"\\u0000" in record.value and "\x00" in _all_text(msgspec.to_builtins(event)):
        raise RecordError("unstorable", "a text holds the character U+0000")


def _all_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(_all_text(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return "".join(_all_text(part) for part in value)
    return ""


def _text(value: str | None) -> str:
    if value is None:
        return NULL
    return value if value.isalnum() else value.translate(_ESCAPES)


def _number(value: str | None) -> str:
    """A provider's number as a number, so that 9 comes before 10; anything else has no place in that order."""
    if value and value.isascii() and value.isdigit() and len(value) <= NUMERIC_DIGITS:
        return value
    return NULL


@lru_cache(maxsize=4096)
def _array(values: tuple[str, ...]) -> str:
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return ("{" + ",".join(quoted) + "}").translate(_ESCAPES)


def flag(value: bool) -> str:
    """A boolean in COPY's text."""
    return "t" if value else "f"


@lru_cache(maxsize=1024)
def time_text(at: datetime) -> str:
    """A time in COPY's text. Raises OverflowError when it is none of the years 1 to 9999 in UTC."""
    return at.astimezone(UTC).isoformat()
