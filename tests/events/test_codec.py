import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.events.event_records import dead_letter, events

from marketpulse.errors import RecordError
from marketpulse.events.codec import (
    decode_dead_letter,
    decode_event,
    encode,
    encode_dead_letter,
    stamped,
)
from marketpulse.events.event import AnyEvent, Trade

BuildTrade = Callable[..., Trade]


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


def test_text_beyond_ascii_is_fine(make_trade: BuildTrade) -> None:
    record = json.loads(encode(make_trade())) | {"exchange": "Zürich \U0001f4c8", "extra": {"/x": '"\\u0000"'}}
    assert decode_event(json.dumps(record).encode()).extra == {"/x": '"\\u0000"'}


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
        ({"event_time_ns": -1}, "number"),
        ({"event_time_ns": 2**63}, "number"),
        ({"event_time_ns": 0}, "time"),
        ({"participant_time_ns": 2**63}, "number"),
        ({"producer_seq": -1}, "number"),
        ({"delay_s": 2**31}, "number"),
        ({"exchange": "a\0"}, "text"),
        ({"exchange": "\ud800"}, "text"),
        ({"extra": {"/\0": "1"}}, "text"),
        ({"conditions": ["@", "\0"]}, "text"),
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


def test_dead_letters_survive_the_round_trip() -> None:
    assert decode_dead_letter(encode_dead_letter(dead_letter())) == dead_letter()


def test_a_dead_letter_needs_its_identity_and_its_times() -> None:
    record = json.loads(encode_dead_letter(dead_letter()))
    for changes, reason in (({"dead_letter_id": "x"}, "identity"), ({"received_at": "2022-03-11T19:09:06"}, "time")):
        with pytest.raises(RecordError) as refused:
            decode_dead_letter(json.dumps(record | changes).encode())
        assert refused.value.reason == reason
