"""The real adapter reads everything the simulator says; only the unreadable record is refused."""

from datetime import UTC, datetime

import pytest
from tests.simulator.simulator_client import AFTER_DAY, DAY_START, SYMBOLS, SimulatorClient

from marketpulse.events.event import Trade
from marketpulse.events.session import calendar
from marketpulse.providers.provider import Endpoint, Outcome, Query, Response
from marketpulse.providers.registry import provider

START = datetime.fromisoformat(DAY_START)


def read(client: SimulatorClient, endpoint: Endpoint, feed: str, market: str) -> tuple[list[object], int]:
    """Events and number of rejected records over all pages."""
    alpaca = provider("alpaca")
    query = Query(endpoint, feed, SYMBOLS, START, datetime.fromisoformat(AFTER_DAY))
    events: list[object] = []
    rejected, token = 0, None
    while True:
        (request,) = alpaca.plan(query, token)
        answer = client.session.get(
            client.addresses.public + "/alpaca" + request.path,
            params=dict(request.params),
            headers=alpaca.headers("premium-test", "s"),
            timeout=30,
        )
        now = datetime.now(UTC)
        response = Response(answer.status_code, answer.headers, answer.content, now, now)
        assert alpaca.classify(response).outcome is Outcome.OK
        page = alpaca.normalize(response, query, calendar(market), synthetic=True)
        events += page.events
        rejected += len(page.rejected)
        if (token := page.next_page_token) is None:
            return events, rejected


@pytest.mark.parametrize(("feed", "market"), [("sip", "XNYS"), ("iex", "XNYS"), ("round_the_clock", "24/7")])
def test_every_answer_is_understood(client: SimulatorClient, feed: str, market: str) -> None:
    client.stand(AFTER_DAY)
    for endpoint in ("bars", "snapshots"):
        events, rejected = read(client, endpoint, feed, market)
        assert events
        assert rejected == 0
    events, rejected = read(client, "trades", feed, market)
    assert rejected == (0 if feed == "round_the_clock" else 1)
    trades = [event for event in events if isinstance(event, Trade)]
    assert len(trades) == len(events)
    if market == "XNYS":
        truth = client.truth(feed=feed)["symbols"]
        facts = {trade.entity_id: trade for trade in trades}
        current = [trade for trade in facts.values() if trade.action != "cancel"]
        assert len(current) == sum(one["trades"] for one in truth.values())
        assert len(trades) - len(facts) == sum(one["duplicated"] for one in truth.values())
        assert {trade.trading_date.isoformat() for trade in trades} == {"2026-11-20"}
