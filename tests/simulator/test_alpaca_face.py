"""Keys, errors, headers, snapshots and bars of the Alpaca face."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from tests.simulator.simulator_client import (
    AFTER_DAY,
    DAY_END,
    DAY_START,
    SYMBOLS,
    Json,
    Params,
    SimulatorClient,
)

ALL = ",".join(SYMBOLS)


@pytest.mark.parametrize("key", ["", "bad-key", "something"])
def test_a_bad_key_is_forbidden(client: SimulatorClient, key: str) -> None:
    stranger = SimulatorClient(client.addresses, key, client.session)
    answer = stranger.get("trades", symbols="AAPL")
    assert (answer.status_code, answer.json()) == (403, {"message": "forbidden."})


def test_a_free_key_sees_the_free_feed_and_old_consolidated_trades(client: SimulatorClient) -> None:
    client.stand("2026-11-20T18:00:00Z")
    free = SimulatorClient(client.addresses, "free-1", client.session)
    assert free.read("snapshots", symbols="AAPL")["AAPL"]["latestQuote"]["ax"] == "V"
    assert free.read("trades", symbols="AAPL", feed="sip", start=DAY_START, end="2026-11-20T17:45:00Z")["trades"]
    refused = {"message": "subscription does not permit querying recent SIP data"}
    for answer in (
        free.get("trades", symbols="AAPL", feed="sip", start=DAY_START, end="2026-11-20T17:50:00Z"),
        free.get("snapshots", symbols="AAPL", feed="sip"),
    ):
        assert (answer.status_code, answer.json()) == (403, refused)
    assert free.get("trades", symbols="AAPL", feed="round_the_clock").status_code == 403


def test_a_free_key_has_two_hundred_calls_a_minute(client: SimulatorClient) -> None:
    client.stand("2026-11-20T18:30:00Z")
    free = SimulatorClient(client.addresses, "free-2", client.session)
    statuses = [free.get("trades/latest", symbols="ZTHN", feed="iex").status_code for _ in range(201)]
    assert statuses == [200] * 200 + [429]
    client.stand("2026-11-20T18:31:00Z")
    answer = free.get("trades/latest", symbols="ZTHN", feed="iex")
    assert answer.headers["X-Ratelimit-Limit"] == "200"
    assert answer.headers["X-Ratelimit-Remaining"] == "199"
    assert answer.headers["X-Ratelimit-Reset"] == "1795199520"


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({"symbols": "AAPL,P027445"}, 400, "invalid symbol: P027445"),
        ({"symbols": "aapl"}, 400, "invalid symbol: aapl"),
        ({}, 400, "symbols is required"),
        ({"symbols": "AAPL", "feed": "nyse"}, 400, "invalid feed: nyse"),
        ({"symbols": "AAPL", "start": "yesterday"}, 400, "invalid start: yesterday"),
        ({"symbols": "AAPL", "page_token": "%%"}, 400, "invalid page_token"),
        ({"symbols": "AAPL", "limit": "10001"}, 422, "invalid limit: 10001"),
        ({"symbols": "AAPL", "sort": "desc"}, 422, "invalid sort: only asc is simulated"),
    ],
)
def test_a_bad_request_says_what_is_wrong(
    client: SimulatorClient, params: dict[str, str], status: int, message: str
) -> None:
    answer = client.get("trades", **params)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_unknown_symbols_are_left_out(client: SimulatorClient) -> None:
    client.stand("2026-11-20T18:00:00Z")
    assert client.read("trades", symbols="ZBAD") == {"trades": {}, "next_page_token": None}
    assert client.read("snapshots", symbols="ZBAD") == {}
    assert list(client.read("snapshots", symbols="ZBAD,SPY")) == ["SPY"]
    assert client.get("bars", symbols="AAPL", timeframe="1Fortnight").status_code == 400


def test_numbers_and_times_look_like_the_providers(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    answer = client.get("trades", symbols="AAPL,BRK.B", feed="sip", start=DAY_START, end=DAY_END, limit=10_000)
    text = answer.text
    assert re.search(r'"t":"2026-11-20T\d\d:\d\d:\d\d\.\d{1,3}Z"', text)
    assert re.search(r'"t":"2026-11-20T\d\d:\d\d:\d\d\.\d{9}Z"', text)
    assert not re.search(r"\.\d*0Z", text)
    assert not re.search(r'"[psiv]":\d+\.\d*0[,}]', text)
    assert re.search(r'"p":\d+\.\d{3,4},', text), "some prints are off the tick grid"
    assert answer.headers["Date"] == "Sat, 21 Nov 2026 01:30:00 GMT"


def plain_bars(records: list[Json]) -> dict[str, Json]:
    """One-minute bars by the rules, from the final records of a day."""
    facts = {record["i"]: record for record in records if record["p"] is not None}
    bars: dict[str, Json] = {}
    for fact in facts.values():
        if fact.get("u") in ("canceled", "incorrect") or {"Q", "M"} & set(fact["c"]):
            continue
        bar = bars.setdefault(fact["t"][:16] + ":00Z", {"prices": [], "v": Decimal(), "turnover": Decimal(), "n": 0})
        bar["v"] += fact["s"]
        bar["turnover"] += fact["s"] * fact["p"]
        bar["n"] += 1
        if "I" not in fact["c"]:
            bar["prices"].append(fact["p"])
    return {
        start: {
            "t": start,
            "o": bar["prices"][0],
            "h": max(bar["prices"]),
            "l": min(bar["prices"]),
            "c": bar["prices"][-1],
            "v": bar["v"],
            "n": bar["n"],
            "vw": (bar["turnover"] / bar["v"]).quantize(Decimal("0.000001"), ROUND_HALF_UP),
        }
        for start, bar in bars.items()
        if bar["prices"]
    }


@pytest.mark.parametrize("feed", ["sip", "iex"])
def test_minute_bars_are_the_visible_trades_by_the_rules(client: SimulatorClient, feed: str) -> None:
    client.stand(AFTER_DAY)
    window: Params = {"symbols": "AAPL,ZTHN", "feed": feed, "start": DAY_START, "end": DAY_END, "limit": 10_000}
    records = client.records(**window)
    bars = client.read("bars", timeframe="1Min", **window)["bars"]
    assert len(bars) > 0
    for symbol, mine in bars.items():
        assert {bar["t"]: bar for bar in mine} == plain_bars(records[symbol])


def test_bars_page_over_symbols(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    window: Params = {"symbols": "SPY,TSLA", "feed": "sip", "timeframe": "1Min", "start": "2026-11-20T14:30:00Z"}
    whole = client.read("bars", limit=10_000, **window)["bars"]
    first = client.read("bars", limit=40, **window)
    rest = client.read("bars", limit=40, page_token=first["next_page_token"], **window)
    assert len(whole["SPY"]) == len(whole["TSLA"]) == 30, "the running minute has no bar yet"
    assert first["bars"]["SPY"] == whole["SPY"]
    assert first["bars"]["TSLA"] + rest["bars"]["TSLA"] == whole["TSLA"]
    assert rest["next_page_token"] is None


def test_the_daily_bar_opens_and_closes_with_the_auctions(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    truth = client.truth()["symbols"]
    bars = client.read(
        "bars", symbols=ALL, feed="sip", timeframe="1Day", start="2026-11-19", end="2026-11-20T05:00:00Z"
    )
    assert sorted(bars["bars"]) == sorted(SYMBOLS)
    for symbol, (before, today) in bars["bars"].items():
        assert today["t"] == "2026-11-20T05:00:00Z"
        assert before["t"] == "2026-11-19T05:00:00Z"
        assert str(today["c"]) == truth[symbol]["close_auction"]
        assert str(today["v"]) == truth[symbol]["volume"]
        assert today["l"] <= Decimal(truth[symbol]["open_auction"]) <= today["h"]


def test_snapshots_show_the_newest_and_only_what_exists(client: SimulatorClient) -> None:
    client.stand("2026-11-20T18:00:30Z")
    snapshots = client.read("snapshots", symbols=ALL, feed="sip")
    assert list(snapshots) == sorted(SYMBOLS)
    spy = snapshots["SPY"]
    assert list(spy) == ["latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar"]
    bars = client.read("bars", symbols="SPY", feed="sip", timeframe="1Min", start="2026-11-20T17:50:00Z")
    assert spy["minuteBar"] == bars["bars"]["SPY"][-1]
    assert spy["latestQuote"]["bp"] < spy["latestQuote"]["ap"]
    records = client.records(symbols="SPY", feed="sip", start="2026-11-20T17:55:00Z")["SPY"]
    assert spy["latestTrade"] in records[-2:]
    client.stand("2026-11-20T09:00:00.001Z")
    before_open = client.read("snapshots", symbols="SPY", feed="sip")["SPY"]
    assert "dailyBar" not in before_open
    assert before_open["latestTrade"]["t"] < "2026-11-20T01:00:00Z"
    assert before_open["prevDailyBar"]["t"] == "2026-11-19T05:00:00Z"


def test_a_halted_symbol_stands_still(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:40:00Z")
    first = client.read("snapshots", symbols="ZHLT,SPY", feed="sip")
    client.stand("2026-11-20T15:58:00Z")
    second = client.read("snapshots", symbols="ZHLT,SPY", feed="sip")
    assert first["ZHLT"]["latestQuote"] == second["ZHLT"]["latestQuote"]
    assert first["SPY"]["latestQuote"] != second["SPY"]["latestQuote"]


def test_the_provider_is_out_once_a_day(client: SimulatorClient) -> None:
    for clock, status in (("15:59:59", 200), ("16:00:00", 503), ("16:06:59", 503), ("16:07:00", 200)):
        client.stand(f"2026-11-20T{clock}Z")
        assert client.get("trades", symbols="SPY", feed="sip").status_code == status
    client.stand("2026-11-20T16:01:00Z")
    assert client.get("trades", symbols="SPY", feed="round_the_clock").status_code == 200
    client.stand("2026-11-21T16:01:00Z")
    assert client.get("trades", symbols="SPY", feed="sip").status_code == 200
