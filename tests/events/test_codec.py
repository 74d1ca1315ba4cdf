import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.errors import RecordError
from marketpulse.events.codec import (
    decode_dead_letter,
    decode_event,
    encode,
    encode_dead_letter,
    stamped,
)
from marketpulse.events.event import AnyEvent, Bar, DeadLetter, Quote, Snapshot, Status, Trade
from marketpulse.events.timestamps import NS_PER_DAY, format_ns

BuildTrade = Callable[..., Trade]

hex_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
prices = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("999999999999.999999"), places=6)
sizes = st.decimals(min_value=0, max_value=Decimal("999999999999999999.999999"), places=6)
signed = st.decimals(min_value=-(10**11), max_value=10**11, places=4)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001
nanoseconds = st.integers(min_value=631_152_000 * 10**9, max_value=7_258_118_400 * 10**9)


@st.composite
def events(draw: st.DrawFn) -> AnyEvent:
    """Any event the contract allows."""
    ns = draw(nanoseconds)

    def maybe(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    fields: dict[str, Any] = {
        "schema_version": 1,
        "entity_id": draw(hex_ids),
        "event_id": draw(hex_ids),
        "action": draw(st.sampled_from(["new", "correct", "cancel", "upsert"])),
        "provider": draw(words),
        "endpoint": draw(words),
        "feed": draw(st.sampled_from(["iex", "sip", "tape", "round_the_clock"])),
        "synthetic": draw(st.booleans()),
        "symbol": draw(words),
        "provider_symbol": draw(words),
        "session_part": draw(st.sampled_from(["pre", "regular", "post", "overnight", "closed"])),
        "trading_date": date(1970, 1, 1) + timedelta(days=ns // NS_PER_DAY + draw(st.integers(-1, 10))),
        "event_at": format_ns(ns),
        "event_time_ns": ns,
        "event_time_precision": "ns",
        "event_time_basis": "trade",
        "requested_at": draw(moments),
        "received_at": draw(moments),
        "producer_id": draw(texts),
        "producer_seq": draw(st.integers(0, 2**62)),
        "delay_s": maybe(st.sampled_from([0, 900])),
        "currency": maybe(texts),
        "quality": tuple(draw(st.lists(words, max_size=3))),
        "extra": draw(st.dictionaries(words, texts, max_size=3)),
    }
    match draw(st.sampled_from(["trade", "quote", "snapshot", "bar", "status"])):
        case "trade":
            return Trade(
                **fields,
                price=draw(prices),
                size=draw(sizes),
                trade_id=maybe(texts),
                conditions=tuple(draw(st.lists(words, max_size=4))),
                participant_time_ns=maybe(nanoseconds),
            )
        case "quote":
            return Quote(**fields, bid=maybe(prices), ask=maybe(prices), bid_size=maybe(sizes), ask_size=maybe(sizes))
        case "snapshot":
            return Snapshot(**fields, last=maybe(prices), change=maybe(signed), day_volume=maybe(sizes))
        case "bar":
            end = ns + draw(st.integers(1, 10**14))
            return Bar(
                **fields, interval="PT1M", bar_start_ns=ns, bar_end_ns=end, adjustment="raw", volume=maybe(sizes)
            )
        case _:
            return Status(**fields, status_code=draw(texts), status_reason=maybe(texts))


@given(events())
def test_every_event_survives_the_round_trip(event: AnyEvent) -> None:
    assert decode_event(encode(event)) == event


@given(events(), st.randoms())
def test_the_order_of_fields_does_not_matter(event: AnyEvent, random: Any) -> None:
    members = list(json.loads(encode(event)).items())
    random.shuffle(members)
    assert decode_event(json.dumps(dict(members)).encode()) == event


def test_wire_form(make_trade: BuildTrade) -> None:
    record = json.loads(encode(make_trade()))
    assert record["event_type"] == "trade"
    assert (record["price"], record["size"]) == ("156.055", "100")
    assert record["trading_date"] == "2022-03-11"
    assert record["event_at"] == "2022-03-11T19:08:43.947998695Z"
    assert record["received_at"] == "2022-03-11T19:09:06.266000Z"
    assert {"mic", "quality", "extra", "producer_id", "delay_s"}.isdisjoint(record)


def test_stamped_changes_the_stamp_alone(make_trade: BuildTrade) -> None:
    trade = make_trade()
    published = stamped(trade, "p-1", 1042)
    assert (published.producer_id, published.producer_seq) == ("p-1", 1042)
    assert stamped(published, "", 0) == trade


def test_fields_of_a_newer_writer_are_ignored(make_trade: BuildTrade) -> None:
    trade = make_trade()
    assert decode_event(encode(trade)[:-1] + b',"added_later":{"a":1}}') == trade


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": 156.055}, "number"),
        ({"price": 156}, "number"),
        ({"price": None}, "schema"),
        ({"price": "NaN"}, "number"),
        ({"price": "Infinity"}, "number"),
        ({"price": "-1"}, "number"),
        ({"price": "0"}, "number"),
        ({"price": "1E+2"}, "number"),
        ({"price": "156.0000001"}, "number"),
        ({"price": "1000000000000"}, "number"),
        ({"price": " 1"}, "number"),
        ({"price": "1\n"}, "number"),
        ({"price": ""}, "number"),
        ({"size": "-0.5"}, "number"),
        ({"symbol": ""}, "schema"),
        ({"symbol": None}, "schema"),
        ({"feed": "carrier_pigeon"}, "schema"),
        ({"event_type": "rumour"}, "schema"),
        ({"event_type": ["trade"]}, "schema"),
        ({"schema_version": 2}, "schema"),
        ({"event_time_ns": "1647025723947998695"}, "schema"),
        ({"conditions": "@"}, "schema"),
        ({"entity_id": "18D97D133336926A2B3EBB25F3DC27C2"}, "identity"),
        ({"event_id": "79e74f6b"}, "identity"),
        ({"event_at": "2022-03-11T19:08:43.947998696Z"}, "time"),
        ({"event_at": "2022-03-11T19:08:43.947998695+00:00"}, "time"),
        ({"event_time_ns": -1}, "time"),
        ({"event_time_ns": 2**63}, "time"),
        ({"trading_date": "2022-03-09"}, "time"),
        ({"trading_date": "2022-03-22"}, "time"),
        ({"trading_date": "11.03.2022"}, "schema"),
        ({"received_at": "2022-03-11T19:09:06.266000"}, "time"),
    ],
)
def test_refuses_what_is_not_the_contract(make_trade: BuildTrade, changes: dict[str, object], reason: str) -> None:
    record = json.loads(encode(make_trade())) | changes
    with pytest.raises(RecordError) as refused:
        decode_event(json.dumps(record).encode())
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["price", "event_id", "symbol", "event_type", "received_at", "trading_date"])
def test_refuses_a_missing_field(make_trade: BuildTrade, name: str) -> None:
    record = json.loads(encode(make_trade()))
    del record[name]
    with pytest.raises(RecordError) as refused:
        decode_event(json.dumps(record).encode())
    assert refused.value.reason == "schema"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"null", "not_json"),
        (b"[1]", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'\xef\xbb\xbf{"price":"1"}', "not_json"),
        (b'{"price":NaN}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"price":' + b"9" * 10_000 + b"}", "not_json"),
        (b'{"price":"1","price":"2"}', "duplicate_key"),
        (b'{"extra":{"/a":"1","/a":"2"}}', "duplicate_key"),
        (b"{}", "schema"),
    ],
)
def test_refuses_bytes_that_are_no_record(raw: bytes, reason: str) -> None:
    for decode in (decode_event, decode_dead_letter):
        with pytest.raises(RecordError) as refused:
            decode(raw)
        assert refused.value.reason == reason


def test_a_bar_ends_after_its_start(make_trade: BuildTrade) -> None:
    record = json.loads(encode(make_trade()))
    record |= {"event_type": "bar", "interval": "PT1M", "adjustment": "raw", "bar_start_ns": 60, "bar_end_ns": 60}
    with pytest.raises(RecordError, match="not after its start"):
        decode_event(json.dumps(record).encode())


def dead_letter() -> DeadLetter:
    at = datetime(2022, 3, 11, 19, 9, 6, 201000, tzinfo=UTC)
    return DeadLetter(
        schema_version=1,
        dead_letter_id="0" * 32,
        reason="number",
        detail="p is None",
        provider="alpaca",
        endpoint="alpaca.trades",
        feed="sip",
        request="/v2/stocks/trades?symbols=AAPL",
        body='{"p":null}',
        requested_at=at,
        received_at=at,
        symbol="AAPL",
    )


def test_dead_letters_survive_the_round_trip() -> None:
    assert decode_dead_letter(encode_dead_letter(dead_letter())) == dead_letter()


def test_a_dead_letter_needs_its_identity_and_its_times() -> None:
    record = json.loads(encode_dead_letter(dead_letter()))
    for changes, reason in (({"dead_letter_id": "x"}, "identity"), ({"received_at": "2022-03-11T19:09:06"}, "time")):
        with pytest.raises(RecordError) as refused:
            decode_dead_letter(json.dumps(record | changes).encode())
        assert refused.value.reason == reason
