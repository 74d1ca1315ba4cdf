import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.alpaca_questions import SYMBOLS, normalized, question, recorded

from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.codec import decode_event, encode
from marketpulse.events.conditions import eligibility
from marketpulse.events.event import AnyEvent, Bar, Quote, Trade
from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Endpoint, Query
from marketpulse.resources import include_path


def trades(name: str, *, feed: str = "iex") -> list[Trade]:
    return [event for event in normalized(recorded(name), "trades", feed=feed).events if isinstance(event, Trade)]


def test_the_example_of_the_contract() -> None:
    event = normalized(recorded("snapshots"), "snapshots").events[0]
    assert isinstance(event, Trade)
    assert event.entity_id == "18d97d133336926a2b3ebb25f3dc27c2"
    assert event.event_id == "79e74f6b1c80f79eaf13cd4e564811bc"
    record = json.loads(encode(event))
    assert record == {
        "event_type": "trade",
        "schema_version": 1,
        "entity_id": "18d97d133336926a2b3ebb25f3dc27c2",
        "event_id": "79e74f6b1c80f79eaf13cd4e564811bc",
        "action": "new",
        "provider": "alpaca",
        "endpoint": "alpaca.snapshots",
        "feed": "iex",
        "delay_s": 0,
        "synthetic": False,
        "symbol": "AAPL",
        "provider_symbol": "AAPL",
        "currency": "USD",
        "session_part": "regular",
        "trading_date": "2022-03-11",
        "event_at": "2022-03-11T19:08:43.947998695Z",
        "event_time_ns": 1647025723947998695,
        "event_time_precision": "ns",
        "event_time_basis": "trade",
        "requested_at": "2022-03-11T19:09:06.201000Z",
        "received_at": "2022-03-11T19:09:06.266000Z",
        "price": "156.055",
        "size": "100",
        "trade_id": "10593",
        "exchange": "V",
        "tape": "C",
        "conditions": ["@"],
        "volume_scope": "venue_iex",
    }


def test_pages_of_trades() -> None:
    first = normalized(recorded("trades_first_page"), "trades")
    assert first.next_page_token is not None
    assert first.next_page_token.startswith("QUFQTHwy")
    assert [event.event_time_ns for event in first.events] == [1646802002183000000, 1646802016910000000]
    assert {event.session_part for event in first.events} == {"overnight"}
    last = normalized(recorded("trades_last_page"), "trades", feed="sip")
    assert last.next_page_token is None
    assert last.rejected == ()


def test_numbers_symbols_and_ids_as_on_the_wire() -> None:
    apple, berkshire = trades("trades_last_page", feed="sip")
    assert apple.price == Decimal("161.2958")
    assert (berkshire.symbol, berkshire.provider_symbol) == ("BRK.B", "BRK.B")
    assert (berkshire.price, berkshire.size, berkshire.trade_id) == (Decimal(352), Decimal("0.5"), "52983525034825")
    assert berkshire.volume_scope == "consolidated"
    assert berkshire.session_part == "post"
    assert eligibility(berkshire).auction == "close"
    assert eligibility(berkshire).bar_session_part == "regular"


def test_amendments() -> None:
    cancelled, incorrect, corrected = trades("trades_amended")
    assert [event.action for event in (cancelled, incorrect, corrected)] == ["cancel", "cancel", "new"]
    assert cancelled.entity_id == "18d97d133336926a2b3ebb25f3dc27c2"
    assert cancelled.event_id != "79e74f6b1c80f79eaf13cd4e564811bc"
    assert corrected.entity_id != incorrect.entity_id
    assert [event.extra["/u"] for event in (cancelled, incorrect, corrected)] == [
        '"canceled"',
        '"incorrect"',
        '"corrected"',
    ]


def test_one_bad_record_costs_itself_alone() -> None:
    page = normalized(recorded("trades_malformed"), "trades")
    assert [event.trade_id for event in page.events if isinstance(event, Trade)] == ["10593", "10600"]
    expected = json.loads(recorded("trades_malformed_expected"))
    assert [{"reason": item.reason, "body": item.body} for item in page.rejected] == expected
    assert {item.symbol for item in page.rejected} == {"AAPL"}


def test_a_snapshot_becomes_five_events_per_symbol() -> None:
    page = normalized(recorded("snapshots"), "snapshots")
    assert page.rejected == ()
    assert [type(event) for event in page.events] == [Trade, Quote, Bar, Bar, Bar] * 2
    _, quote, minute, today, previous = page.events[:5]
    assert isinstance(quote, Quote)
    assert (quote.entity_id, quote.event_id) == ("b979c6d76b899fd25295d966e1b9ca02", "7e04aeae4fec9eb517c41c6d55bf28db")
    assert (quote.bid, quote.ask, quote.quote_size_unit, quote.quality) == (
        Decimal("156.08"),
        Decimal("157.2"),
        "unknown",
        (),
    )
    assert isinstance(minute, Bar)
    assert (minute.entity_id, minute.event_id) == (
        "5d79870842f441911aa9580af7d1670b",
        "41c27d4c4afa9014a80cccdbdc7d4820",
    )
    assert (minute.interval, minute.bar_end_ns - minute.bar_start_ns, minute.is_final) == ("PT1M", 60 * 10**9, None)
    assert isinstance(today, Bar)
    assert isinstance(previous, Bar)
    assert (today.interval, today.trading_date, today.is_final) == ("P1D", date(2022, 3, 11), False)
    assert (previous.trading_date, previous.is_final) == (date(2022, 3, 10), True)
    assert {today.session_part, previous.session_part} == {"regular"}
    assert page.events[6].quality == ("wide_spread",)


def test_a_thin_snapshot() -> None:
    page = normalized(recorded("snapshots_thin"), "snapshots")
    trade, quote, crossed = page.events
    assert trade.extra == {"/new/a/0": "1.50", "/new/a/1": "true", "/new/b~1c~0d": "{}", "/AAPL/halted": "false"}
    assert quote.quality == ("placeholder_quote",)
    assert (crossed.symbol, crossed.quality) == ("TSLA", ("crossed",))
    (rejected,) = page.rejected
    assert (rejected.reason, rejected.symbol) == ("number", "TSLA")
    assert rejected.body.startswith('{"t":"2022-03-10T05:00:00Z","o":851.5')


def test_bars() -> None:
    page = normalized(recorded("bars"), "bars", feed="sip")
    assert page.next_page_token == "VFNMQXxEfDc1Mjc3NTc2MzYwMDAwMDAwMDA="
    spy, tesla = page.events
    assert isinstance(spy, Bar)
    assert isinstance(tesla, Bar)
    assert (spy.session_part, spy.event_time_precision, spy.action) == ("post", "min", "upsert")
    assert (tesla.open, tesla.vwap, tesla.trade_count) == (Decimal("776.605"), Decimal("776.654473"), 124)
    assert tesla.volume_scope == "consolidated"


def test_odd_bars() -> None:
    page = normalized(recorded("bars_odd"), "bars")
    inconsistent, long_vwap = page.events
    assert isinstance(inconsistent, Bar)
    assert isinstance(long_vwap, Bar)
    assert inconsistent.quality == ("ohlc_inconsistent",)
    assert (inconsistent.vwap, inconsistent.trade_count) == (None, None)
    assert (long_vwap.vwap, long_vwap.volume) == (Decimal("776.654473"), Decimal("3863635.4"))
    assert long_vwap.quality == ("rounded",)
    assert long_vwap.extra == {"/vw": "776.65447312345"}
    assert [item.reason for item in page.rejected] == ["number"]


@pytest.mark.parametrize(
    ("start", "trading_date", "hours"),
    [
        ("2022-03-11T05:00:00Z", date(2022, 3, 11), 24),
        ("2023-09-27T04:00:00Z", date(2023, 9, 27), 24),
        ("2022-03-13T05:00:00Z", date(2022, 3, 13), 23),
        ("2022-11-06T04:00:00Z", date(2022, 11, 6), 25),
        ("2022-11-06T00:00:00Z", date(2022, 11, 6), 24),
    ],
)
def test_daily_bars_last_from_midnight_to_midnight(start: str, trading_date: date, hours: int) -> None:
    body = {"AAPL": {"dailyBar": {"t": start, "o": 1, "h": 1, "l": 1, "c": 1, "v": 0}}}
    (bar,) = normalized(json.dumps(body).encode(), "snapshots").events
    assert isinstance(bar, Bar)
    assert bar.trading_date == trading_date
    assert bar.bar_end_ns - bar.bar_start_ns == hours * 3600 * 10**9
    assert decode_event(encode(bar)) == bar


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("trades_first_page", "trades"),
        ("trades_last_page", "trades"),
        ("trades_amended", "trades"),
        ("trades_malformed", "trades"),
        ("snapshots", "snapshots"),
        ("snapshots_thin", "snapshots"),
        ("bars", "bars"),
        ("bars_odd", "bars"),
    ],
)
def test_every_event_keeps_the_contract(name: str, endpoint: Endpoint) -> None:
    schema = json.loads(include_path("schemas/event.json").read_text(encoding="utf-8"))
    page = normalized(recorded(name), endpoint)
    assert page.events
    for event in page.events:
        assert decode_event(encode(event)) == event
        jsonschema.validate(json.loads(encode(event)), schema)


def test_a_recorded_tape_is_marked() -> None:
    (event, *_) = trades("trades_last_page", feed="tape")
    assert event.quality == ("conditions_unmapped",)
    assert event.delay_s is None
    (event, *_) = trades("trades_last_page", feed="round_the_clock")
    assert event.quality == ()


def test_an_event_ahead_of_the_answer_is_flagged() -> None:
    for behind, quality in (("19:08:42", ()), ("19:08:40", ("clock_skew",))):
        headers = {"Date": f"Fri, 11 Mar 2022 {behind} GMT"}
        event = normalized(recorded("snapshots"), "snapshots", headers=headers).events[0]
        assert event.quality == quality


def test_unknown_symbols_are_just_absent_and_strangers_are_refused() -> None:
    assert normalized(b'{"trades":{},"next_page_token":null}', "trades").events == ()
    for endpoint, body in (("trades", b'{"trades":{"MSFT":[{"p":1}]}}'), ("snapshots", b'{"MSFT":{"latestTrade":{}}}')):
        page = normalized(body, endpoint)  # type: ignore[arg-type]
        assert page.events == ()
        assert [item.reason for item in page.rejected] == ["symbol"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b'{"trades":{"AAPL":[', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "schema"),
        (b"NaN", "schema"),
        (b'{"trades":[]}', "schema"),
        (b"{}", "schema"),
        (b'{"trade":{"AAPL":[]},"next_page_token":null}', "schema"),
        (b'{"message":"over capacity","trades":{}}', "schema"),
        (b'{"trades":{},"next_page_token":7}', "schema"),
        (b'{"trades":{"AAPL":[]},"trades":{}}', "duplicate_key"),
        (b'{"trades":{"AAPL":[],"AAPL":[]}}', "duplicate_key"),
    ],
)
def test_a_body_that_is_no_answer(body: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as refused:
        normalized(body, "trades")
    assert refused.value.reason == reason


def test_deep_nesting_and_long_numbers_stay_in_their_record() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    long = b"9" * 5000
    body = b'{"trades":{"AAPL":[%b,{"p":%b},{"p":1e99999999999999999999}]}}' % (deep, long)
    page = normalized(body, "trades")
    assert [item.body.encode() for item in page.rejected] == [
        deep,
        b'{"p":%b}' % long,
        b'{"p":1e99999999999999999999}',
    ]


@settings(max_examples=50)
@given(st.permutations(["t", "x", "p", "s", "c", "i", "z", "later"]))
def test_the_order_of_members_does_not_matter(names: list[str]) -> None:
    wire = {
        "t": '"2022-03-11T19:08:43.947998695Z"',
        "x": '"V"',
        "p": "156.0550",
        "s": "1e2",
        "c": '["@"]',
        "i": "10593",
    }
    wire |= {"z": '"C"', "later": "[1]"}
    members = ",".join(f'"{name}":{wire[name]}' for name in names)
    page = normalized(f'{{"trades":{{"AAPL":[{{{members}}}]}}}}'.encode(), "trades")
    (event,) = page.events
    assert (event.entity_id, event.event_id) == ("18d97d133336926a2b3ebb25f3dc27c2", "79e74f6b1c80f79eaf13cd4e564811bc")
    assert json.loads(encode(event))["size"] == "100"
    assert event.extra == {"/later/0": "1"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_no_record_breaks_a_page(record: object) -> None:
    page = normalized(json.dumps({"trades": {"AAPL": [record]}}).encode(), "trades")
    assert len(page.rejected) == 1
    page.rejected[0].body.encode()


def ten_thousand_trades() -> bytes:
    wire = ",".join(
        f'{{"t":"2022-03-11T19:{n // 60 % 60:02d}:{n % 60:02d}.{n:09d}Z","x":"V","p":156.{n:04d},"s":{n % 300 + 1}'
        f',"c":["@","I"],"i":{n},"z":"C"}}'
        for n in range(10_000)
    )
    return f'{{"trades":{{"AAPL":[{wire}]}},"next_page_token":null}}'.encode()


def test_a_full_page_takes_well_under_a_second() -> None:
    body = ten_thousand_trades()
    normalized(recorded("snapshots"), "snapshots")
    # CPU time: other work on the machine does not count.
    started = time.process_time()
    assert len(normalized(body, "trades").events) == 10_000
    assert time.process_time() - started < 1.0


def test_requests_for_trades() -> None:
    query = Query("trades", "iex", SYMBOLS, datetime(2022, 3, 11, 9, tzinfo=UTC), datetime(2022, 3, 11, 10, tzinfo=UTC))
    (request,) = Alpaca().plan(query)
    assert request.path == "/v2/stocks/trades"
    assert request.symbols == SYMBOLS
    assert dict(request.params) == {
        "symbols": "AAPL,BRK.B,SPY,TSLA,ZTHN",
        "feed": "iex",
        "limit": "10000",
        "sort": "asc",
        "start": "2022-03-11T09:00:00.000000000Z",
        "end": "2022-03-11T09:59:59.999999999Z",
    }
    (continued,) = Alpaca().plan(query, "TOKEN")
    assert continued.params == (*request.params, ("page_token", "TOKEN"))
    assert continued.text().endswith("&page_token=TOKEN")


def test_requests_for_bars_and_snapshots() -> None:
    (bars,) = Alpaca().plan(question("bars", feed="sip"))
    assert bars.text() == (
        "/v2/stocks/bars?symbols=AAPL,BRK.B,SPY,TSLA,ZTHN&feed=sip&timeframe=1Min&adjustment=raw&limit=10000&sort=asc"
    )
    (snapshots,) = Alpaca().plan(question("snapshots"))
    assert snapshots.text() == "/v2/stocks/snapshots?symbols=AAPL,BRK.B,SPY,TSLA,ZTHN&feed=iex"


def test_many_symbols_go_in_batches() -> None:
    symbols = tuple(f"S{n}" for n in range(250))
    requests = Alpaca().plan(Query("snapshots", "iex", symbols))
    assert [len(request.symbols) for request in requests] == [100, 100, 50]
    assert sum((request.symbols for request in requests), ()) == symbols
    assert Alpaca().plan(Query("snapshots", "iex", ())) == ()
    with pytest.raises(ValueError, match="one batch"):
        Alpaca().plan(Query("trades", "iex", symbols), "TOKEN")


def test_an_unknown_feed_is_a_clear_error() -> None:
    with pytest.raises(OperatorError, match="unknown feed 'pigeon'"):
        Alpaca().plan(question("trades", feed="pigeon"))


def test_the_key_goes_into_headers_only() -> None:
    adapter = Alpaca()
    assert adapter.headers("key", "secret") == {"APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret"}
    assert adapter.base_url == "https://data.alpaca.markets"
    (window,) = adapter.limits()
    assert (window.calls, window.seconds) == (180, 60.0)


def test_the_fixtures_cover_every_kind_of_event_alpaca_sends() -> None:
    seen = {type(event) for event in normalized(recorded("snapshots"), "snapshots").events}
    assert seen <= set(get_args(AnyEvent))
    assert seen == {Trade, Quote, Bar}
