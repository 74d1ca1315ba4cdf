"""The control API: clock, faults, request log, and one line for everything that is not usable."""

import time
from datetime import datetime, timedelta

import pytest
import requests
from tests.simulator.simulator_client import SimulatorClient


def test_the_clock_stands_advances_and_runs(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    assert client.control("GET", "/clock").json() == {"market_at": "2026-11-20T15:00:00Z", "speed": 0.0, "mode": "step"}
    moved = client.control("POST", "/clock", {"advance_s": 90.5}).json()
    assert moved["market_at"] == "2026-11-20T15:01:30.500000Z"
    fast = client.control("POST", "/clock", {"mode": "fast", "market_at": "2026-11-20T10:00:00-05:00", "speed": 1000})
    assert (fast.json()["speed"], fast.json()["mode"]) == (1000.0, "fast")
    time.sleep(0.1)
    first, second = (datetime.fromisoformat(client.control("GET", "/clock").json()["market_at"]) for _ in range(2))
    assert datetime.fromisoformat("2026-11-20T15:01:40Z") <= first <= second
    real = client.control("POST", "/clock", {"mode": "real"}).json()
    skew = datetime.now().astimezone() - datetime.fromisoformat(real["market_at"])
    assert abs(skew) < timedelta(seconds=5)
    assert real["speed"] == 1.0


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/clock", {}, "mode is missing"),
        ("POST", "/clock", {"mode": "slow"}, "Invalid enum value 'slow'"),
        ("POST", "/clock", {"mode": "step", "market_at": "noon"}, "market_at"),
        ("POST", "/clock", {"mode": "step", "market_at": "2026-11-20T15:00:00"}, "a time with a zone"),
        ("POST", "/clock", {"mode": "fast", "market_at": "2026-11-20T15:00:00Z", "speed": 0}, "out of range"),
        ("POST", "/clock", {"mode": "step", "market": "2026-11-20T15:00:00Z"}, "unknown field `market`"),
        ("POST", "/clock", {"advance_s": -1}, "negative"),
        ("POST", "/tape", {"path": "/none.csv", "symbol": "BAC"}, "timezone"),
        ("POST", "/faults", {"name": "earthquake"}, "earthquake"),
        ("POST", "/faults", {"name": "outage", "start_at": "soon"}, "start_at"),
        ("GET", "/truth", None, "trading_date"),
        ("GET", "/truth?trading_date=2026-11-20&feed=x", None, "unknown feed 'x'"),
        ("GET", "/truth?trading_date=2026-11-20&calendar=XMARS", None, "XMARS"),
        ("GET", "/requests?limit=all", None, "give a number"),
    ],
)
def test_what_is_not_usable_gets_one_line(
    client: SimulatorClient, method: str, path: str, body: object, words: str
) -> None:
    answer = client.control(method, path, body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert words in error
    assert "\n" not in error


def test_real_time_cannot_be_advanced(client: SimulatorClient) -> None:
    client.control("POST", "/clock", {"mode": "real"})
    answer = client.control("POST", "/clock", {"advance_s": 60})
    assert (answer.status_code, "set mode step or fast" in answer.json()["error"]) == (400, True)


def test_a_counted_fault_strikes_that_often_on_its_endpoint(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    client.control("POST", "/faults", {"name": "http_status", "status": 502, "count": 2, "endpoint": "trades",
                                       "retry_after": "1"})  # fmt: skip
    assert client.control("GET", "/faults").json()["faults"][0]["count"] == 2
    assert client.get("snapshots", symbols="SPY").status_code == 200
    answers = [client.get("trades", symbols="SPY") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [502, 502, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert client.control("GET", "/faults").json() == {"faults": []}


def test_a_fault_lasts_for_its_window_of_market_time(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    client.control("POST", "/faults", {"name": "outage", "start_at": "2026-11-20T15:01:00Z", "for_s": 60})
    statuses = []
    for _ in range(4):
        statuses.append(client.get("trades", symbols="SPY").status_code)
        client.control("POST", "/clock", {"advance_s": 45})
    assert statuses == [200, 200, 503, 200]


def test_a_cut_body_is_cut_with_or_without_saying_so(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    whole = client.get("snapshots", symbols="SPY").content
    client.control("POST", "/faults", {"name": "truncate_body", "count": 1, "keep": 0.3})
    cut = client.get("snapshots", symbols="SPY")
    assert cut.status_code == 200
    assert whole.startswith(cut.content)
    assert len(cut.content) == int(len(whole) * 0.3)
    client.control("POST", "/faults", {"name": "truncate_body", "count": 1, "full_length": True})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get("snapshots", symbols="SPY")


def test_latency_delays_an_answer(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    client.control("POST", "/faults", {"name": "latency", "count": 1, "delay_s": 0.3})
    started = time.monotonic()
    assert client.get("trades", symbols="ZTHN").status_code == 200
    assert time.monotonic() - started >= 0.3


def test_requests_are_logged_without_their_key(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    client.get("trades", symbols="SPY", feed="sip")
    log = client.control("GET", "/requests", limit="1").json()
    entry = log["requests"][-1]
    assert entry["number"] == log["total"]
    assert (entry["path"], entry["status"], entry["query"]) == ("/alpaca/v2/stocks/trades", 200, "symbols=SPY&feed=sip")
    assert "premium-test" not in str(log)


def test_it_says_that_it_is_well(client: SimulatorClient) -> None:
    assert client.control("GET", "/healthz").json() == {"status": "ok", "seed": 7}


def test_a_closed_day_has_an_empty_truth(client: SimulatorClient) -> None:
    client.stand("2026-11-23T15:00:00Z")
    truth = client.truth("2026-11-22")
    assert (truth["symbols"], truth["total_trades"]) == ({}, 0)
