"""The adapter reads a whole simulated day over HTTP, and what it read adds up to the simulator's own truth."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from marketpulse.events.codec import decode_event, encode
from marketpulse.events.conditions import eligibility
from marketpulse.events.event import AnyEvent, Bar, Quote, Trade
from marketpulse.events.listing import listings
from marketpulse.events.session import calendar
from marketpulse.events.timestamps import datetime_ns
from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Endpoint, Outcome, Query, Rejected, Response
from marketpulse.simulator.app import running
from marketpulse.simulator.clock import ClockSetting
from marketpulse.simulator.simulation import Simulation

DAY = date(2026, 11, 20)
SYMBOLS = tuple(listing.symbol for listing in listings())
SESSION = calendar("XNYS").session(DAY)
assert SESSION is not None
AFTER_THE_SWEEP = SESSION.post_close_at + timedelta(hours=1)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(seed=7, clock=ClockSetting(mode="step", market_ns=datetime_ns(AFTER_THE_SWEEP)))


@pytest.fixture(scope="module")
def base_url(simulation: Simulation) -> Iterator[str]:
    with running(simulation) as addresses:
        yield addresses.public + "/alpaca"


def ask(base_url: str, query: Query) -> tuple[list[AnyEvent], list[Rejected]]:
    """Every page of a query, as the producer would walk them."""
    adapter = Alpaca()
    events: list[AnyEvent] = []
    rejected: list[Rejected] = []
    headers = adapter.headers("premium-test", "secret")
    token: str | None = None
    while True:
        (request,) = adapter.plan(query, token)
        requested_at = datetime.now(UTC)
        answer = requests.get(base_url + request.path, params=dict(request.params), headers=headers, timeout=60)
        response = Response(answer.status_code, answer.headers, answer.content, requested_at, datetime.now(UTC))
        assert adapter.classify(response).outcome in {Outcome.OK, Outcome.EMPTY}, answer.text[:200]
        page = adapter.normalize(response, query, calendar("XNYS"), synthetic=True)
        events += page.events
        rejected += page.rejected
        token = page.next_page_token
        if token is None:
            return events, rejected


def whole_day(endpoint: Endpoint, feed: str) -> Query:
    assert SESSION is not None
    return Query(endpoint, feed, SYMBOLS, SESSION.pre_open_at, SESSION.post_close_at)


@pytest.mark.parametrize("feed", ["sip", "iex"])
def test_a_day_of_trades_adds_up_to_the_truth(simulation: Simulation, base_url: str, feed: str) -> None:
    events, rejected = ask(base_url, whole_day("trades", feed))
    truth = simulation.truth(feed, DAY)
    assert len(rejected) == truth.malformed
    assert {item.reason for item in rejected} <= {"number"}

    versions = {event.event_id: event for event in events if isinstance(event, Trade)}
    taken_back = {trade.entity_id for trade in versions.values() if trade.action == "cancel"}
    count, volume, notional = (
        defaultdict[str, int](int),
        defaultdict[str, Decimal](Decimal),
        defaultdict[str, Decimal](Decimal),
    )
    auctions: dict[tuple[str, str], Decimal] = {}
    for trade in versions.values():
        if trade.entity_id in taken_back:
            continue
        count[trade.symbol] += 1
        found = eligibility(trade)
        if found.adds_volume:
            volume[trade.symbol] += trade.size
            notional[trade.symbol] += trade.size * trade.price
        if found.auction in {"open", "close"}:
            auctions[trade.symbol, found.auction] = trade.price

    for symbol, expected in truth.symbols.items():
        assert count[symbol] == expected.trades, symbol
        assert volume[symbol] == Decimal(expected.volume), symbol
        assert notional[symbol] == Decimal(expected.notional), symbol
        for name, official in (("open", expected.open_auction), ("close", expected.close_auction)):
            assert auctions.get((symbol, name)) == (None if official is None else Decimal(official)), symbol


def test_bars_and_snapshots_keep_the_contract(base_url: str) -> None:
    bars, rejected = ask(base_url, whole_day("bars", "sip"))
    assert rejected == []
    assert {event.symbol for event in bars} == set(SYMBOLS)
    snapshots, rejected = ask(base_url, Query("snapshots", "sip", SYMBOLS))
    assert rejected == []
    assert {type(event) for event in snapshots} == {Trade, Quote, Bar}
    for event in [*bars[::100], *snapshots]:
        assert decode_event(encode(event)) == event
        # The quote is as new as the question, which was asked after the post-market.
        assert event.trading_date <= DAY or isinstance(event, Quote)
    days = {event.trading_date for event in snapshots if isinstance(event, Bar) and event.interval == "P1D"}
    assert days == {DAY, date(2026, 11, 19)}
