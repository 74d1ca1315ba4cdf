"""Records counted on the wire: as many as become events or rejected records, by a count that knows of neither."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.alpaca_questions import FIXTURES, normalized, question, recorded, response

from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Endpoint

TRADE = '{"t":"2022-03-11T19:09:05.5Z","x":"V","p":156.05,"s":100,"c":["@"],"i":1,"z":"C"}'
QUOTE = '{"t":"2022-03-11T19:09:05Z","ax":"V","ap":2,"as":1,"bx":"V","bp":1,"bs":1,"c":["R"],"z":"C"}'


def counted(body: bytes, endpoint: Endpoint) -> int:
    return Alpaca().count(response(body), question(endpoint))


def taken(body: bytes, endpoint: Endpoint) -> int:
    page = normalized(body, endpoint)
    return len(page.events) + len(page.rejected)


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json") if "expected" not in path.stem))
def test_recorded_answers(name: str) -> None:
    endpoint: Endpoint = (
        "snapshots" if name.startswith("snapshots") else "bars" if name.startswith("bars") else "trades"
    )
    body = recorded(name)
    assert counted(body, endpoint) == taken(body, endpoint) > 0


@pytest.mark.parametrize(
    ("lists", "records"),
    [
        ("null", 0),
        ("{}", 0),
        ('{"AAPL":null,"SPY":[]}', 0),
        (f'{{"AAPL":[{TRADE},{TRADE}],"SPY":[{TRADE}]}}', 3),
        (f'{{"AAPL":[{TRADE},null,7,"]}},{{",[[]],{{"p":{{"p":[1,2]}}}}]}}', 6),
        (f'{{"AAPL":[{TRADE},{{"p":NaN}},{{"p":1e999999999999999999999}}]}}', 3),
        (f'{{"AAPL":{TRADE},"SPY":"none"}}', 2),
        (f'{{"AAPL":{{"p":1,"p":2}},"SPY":[{{"p":1,"p":2}},{TRADE}]}}', 3),
        (f'{{"NOBODY":[{TRADE},{TRADE}],"AAPL":[{TRADE}]}}', 2),
        ('{"NOBODY":null}', 1),
    ],
)
def test_lists_of_trades(lists: str, records: int) -> None:
    body = f'{{"trades":{lists},"next_page_token":null}}'.encode()
    assert counted(body, "trades") == taken(body, "trades") == records


@pytest.mark.parametrize(
    ("parts", "records"),
    [
        ("null", 0),
        ("{}", 0),
        ("7", 1),
        ('{"latestTrade":null}', 0),
        (f'{{"latestTrade":{TRADE},"latestQuote":{QUOTE},"dailyBar":null}}', 2),
        (f'{{"latestTrade":{TRADE},"news":{{"headline":"x"}}}}', 1),
        ('{"latestTrade":{"p":null},"news":1}', 1),
        ('{"latestTrade":{"p":NaN},"latestQuote":{},"news":1}', 2),
        ('{"news":1,"more":2}', 1),
        (f'{{"latestTrade":{TRADE},"latestTrade":{TRADE},"dailyBar":{{}}}}', 1),
    ],
)
def test_snapshots(parts: str, records: int) -> None:
    body = f'{{"AAPL":{parts}}}'.encode()
    assert counted(body, "snapshots") == taken(body, "snapshots") == records


def test_what_was_not_asked_for_goes_with_the_snapshot_that_is_refused() -> None:
    page = normalized(b'{"AAPL":{"latestTrade":{"p":null},"news":{"headline":"x"}}}', "snapshots")
    (rejected,) = page.rejected
    assert json.loads(rejected.body) == {"AAPL": {"latestTrade": {"p": None}, "news": {"headline": "x"}}}


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(json.loads(TRADE))
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner))
symbols = st.dictionaries(st.sampled_from(["AAPL", "SPY", "BRK.B", "OTHER"]), values)


@given(named=symbols)
def test_whatever_stands_where_records_should_be(named: dict[str, object]) -> None:
    body = json.dumps({"trades": named, "next_page_token": None}).encode()
    assert counted(body, "trades") == taken(body, "trades")
    parts = json.dumps(named).encode()
    assert counted(parts, "snapshots") == taken(parts, "snapshots")
