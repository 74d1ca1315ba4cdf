"""Trades over HTTP: what is visible when, how pages continue, and that the truth ledger counts the same."""

from collections import Counter
from decimal import Decimal

import pytest
from tests.simulator.simulator_client import AFTER_DAY, DAY_END, DAY_START, SYMBOLS, Json, Params, SimulatorClient

from marketpulse.events.timestamps import rfc3339_ns

ALL = ",".join(SYMBOLS)
REPORTS = {"Q", "M"}


def recount(records: list[Json]) -> Json:
    """What the truth ledger should say of a symbol, from the records of the finished day alone."""
    versions = Counter(record["i"] for record in records if record["p"] is not None)
    facts = list({record["i"]: record for record in records if record["p"] is not None}.values())
    current = [fact for fact in facts if fact.get("u") not in ("canceled", "incorrect")]
    counted = [fact for fact in current if not REPORTS & set(fact["c"])]
    return {
        "trades": len(current),
        "cancelled": sum(fact.get("u") == "canceled" for fact in facts),
        "corrected": sum(fact.get("u") == "incorrect" for fact in facts),
        "duplicated": sum(count - 1 for count in versions.values()),
        "volume": sum((fact["s"] for fact in counted), Decimal()),
        "notional": sum((fact["p"] * fact["s"] for fact in counted), Decimal()),
        "open_auction": next((fact["p"] for fact in current if "O" in fact["c"]), None),
        "close_auction": next((fact["p"] for fact in current if "6" in fact["c"]), None),
    }


@pytest.mark.parametrize(
    ("feed", "day", "start", "end", "after"),
    [
        ("sip", "2026-11-20", DAY_START, DAY_END, AFTER_DAY),
        ("iex", "2026-11-20", DAY_START, DAY_END, AFTER_DAY),
        ("sip", "2025-11-28", "2025-11-28T09:00:00Z", "2025-11-28T22:00:00Z", "2025-11-28T22:20:00Z"),
        (
            "round_the_clock",
            "2026-11-21",
            "2026-11-21T00:00:00Z",
            "2026-11-21T23:59:59.999999999Z",
            "2026-11-22T00:20:00Z",
        ),
    ],
)
def test_truth_is_what_a_reader_of_the_finished_day_counts(
    client: SimulatorClient, feed: str, day: str, start: str, end: str, after: str
) -> None:
    client.stand(after)
    records = client.records(symbols=ALL, feed=feed, start=start, end=end, limit=10_000)
    truth = client.truth(day, feed)
    assert sorted(records) == sorted(symbol for symbol, one in truth["symbols"].items() if one["versions"])
    for symbol, mine in records.items():
        expected = recount(mine)
        ledger = truth["symbols"][symbol]
        for name in ("volume", "notional"):
            assert Decimal(ledger[name]) == expected.pop(name), (symbol, name)
        for name in ("open_auction", "close_auction"):
            assert ledger[name] == (None if (price := expected.pop(name)) is None else str(price)), (symbol, name)
        assert {name: ledger[name] for name in expected} == expected, symbol
        assert ledger["versions"] == ledger["trades"] + 2 * (ledger["cancelled"] + ledger["corrected"])
    unreadable = [record for mine in records.values() for record in mine if record["p"] is None]
    assert len(unreadable) == truth["malformed"] == (0 if feed == "round_the_clock" else 1)
    assert truth["total_trades"] == sum(one["trades"] for one in truth["symbols"].values())


def test_a_day_holds_everything_that_goes_wrong_in_a_market(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    truth = client.truth()
    totals = {name: sum(one[name] for one in truth["symbols"].values()) for name in ("late", "duplicated", "corrected")}
    assert 45_000 <= truth["total_trades"] <= 60_000
    assert all(count > 20 for count in totals.values())
    for symbol, one in truth["symbols"].items():
        assert all(one[name] for name in ("open_auction", "close_auction", "cancelled", "corrected")), symbol
    records = client.records(symbols="ZHLT,ZSUB,ZTHN", feed="sip", start=DAY_START, end=DAY_END, limit=10_000)
    halted = [record for record in records["ZHLT"] if "2026-11-20T15:30:00Z" <= record["t"] < "2026-11-20T16:00:00Z"]
    assert not halted
    assert max(record["p"] for record in records["ZSUB"]) < 1
    minutes = {record["t"][:16] for record in records["ZTHN"]}
    assert len(minutes) < 100
    assert any("I" in record["c"] for record in records["ZSUB"])
    assert any(record["s"] % 1 for mine in records.values() for record in mine)


def test_nothing_is_visible_before_its_time_and_late_trades_appear_behind(client: SimulatorClient) -> None:
    seen: dict[Decimal, str] = {}
    counts = []
    for clock in ("14:29:59", "14:30:05", "16:40:00", "16:56:00", "20:59:59", "21:00:10"):
        now = f"2026-11-20T{clock}Z"
        client.stand(now)
        records = client.records(symbols="AAPL", feed="sip", start=DAY_START, limit=10_000).get("AAPL", [])
        times = [rfc3339_ns(record["t"]) for record in records]
        assert all(at <= rfc3339_ns(now) for at in times)
        assert times == sorted(times)
        counts.append(len(records))
        truth = client.truth()["symbols"]["AAPL"]
        assert truth["versions"] + truth["duplicated"] >= len({record["i"] for record in records})
        new = {record["i"]: record["t"] for record in records if record["i"] not in seen}
        if clock == "16:56:00":
            late = [at for at in new.values() if at < "2026-11-20T16:40:00Z"]
            assert late, "sixteen minutes on, some trade of the time before should have come in"
        seen |= new
    assert counts == sorted(counts)
    assert counts[0] > 0


def test_an_amended_trade_changes_its_record_and_a_correction_brings_a_new_one(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    done = client.records(symbols="TSLA", feed="sip", start=DAY_START, end=DAY_END, limit=10_000)["TSLA"]
    wrong = next(record for record in done if record.get("u") == "incorrect")
    gone = next(record for record in done if record.get("u") == "canceled")
    fixes = [record for record in done if record.get("u") == "corrected" and record["t"] == wrong["t"]]
    assert fixes
    assert fixes[0]["i"] != wrong["i"]
    for record in (wrong, gone):
        client.stand_at(record["t"])
        page = client.records(symbols="TSLA", feed="sip", start=record["t"], end=record["t"])["TSLA"]
        before = next(one for one in page if one["i"] == record["i"])
        assert before == {name: value for name, value in record.items() if name != "u"}


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_run_over_symbols_without_loss_or_repetition(client: SimulatorClient, limit: int) -> None:
    client.stand(AFTER_DAY)
    window: Params = {"feed": "sip", "start": "2026-11-20T20:59:50Z", "end": "2026-11-20T21:00:05Z"}
    whole = client.read("trades", symbols="SPY,AAPL,ZTHN,TSLA", limit=10_000, **window)
    pages = client.pages(symbols="SPY,AAPL,ZTHN,TSLA", limit=limit, **window)
    joined: list[tuple[str, str]] = []
    for page in pages:
        held = [(symbol, repr(record)) for symbol, records in page["trades"].items() for record in records]
        assert len(held) == limit or page is pages[-1]
        joined += held
    assert joined == [(symbol, repr(record)) for symbol, records in whole["trades"].items() for record in records]
    assert list(whole["trades"]) == ["AAPL", "SPY", "TSLA", "ZTHN"]


def test_a_full_last_page_has_no_token(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    window: Params = {
        "symbols": "AAPL,TSLA",
        "feed": "sip",
        "start": "2026-11-20T20:59:50Z",
        "end": "2026-11-20T21:00:05Z",
    }
    size = sum(len(records) for records in client.read("trades", limit=10_000, **window)["trades"].values())
    assert client.read("trades", limit=size, **window)["next_page_token"] is None
    assert client.read("trades", limit=size - 1, **window)["next_page_token"] is not None


def test_the_free_feed_is_the_one_venue_part_of_the_whole(client: SimulatorClient) -> None:
    client.stand(AFTER_DAY)
    window: Params = {"symbols": "NVDA,TSLA", "start": DAY_START, "end": DAY_END, "limit": 10_000}
    whole = client.records(feed="sip", **window)
    part = client.records(feed="iex", **window)
    for symbol in whole:
        assert part[symbol] == [record for record in whole[symbol] if record["x"] == "V"]
    share = sum(map(len, part.values())) / sum(map(len, whole.values()))
    assert 0.015 < share < 0.035


def test_the_delayed_feed_runs_a_quarter_of_an_hour_behind(client: SimulatorClient) -> None:
    client.stand("2026-11-20T15:00:00Z")
    window: Params = {"symbols": "SPY", "start": DAY_START, "limit": 10_000}
    delayed = client.records(feed="delayed_sip", **window)["SPY"]
    client.stand("2026-11-20T14:45:00Z")
    assert delayed == client.records(feed="sip", **window)["SPY"]


def test_several_days_come_in_order_and_closed_days_are_empty(client: SimulatorClient) -> None:
    client.stand("2026-11-24T01:30:00Z")
    records = client.records(symbols="ZTHN", feed="sip", start="2026-11-19", end="2026-11-24T01:00:00Z")["ZTHN"]
    assert {record["t"][:10] for record in records} >= {"2026-11-19", "2026-11-20", "2026-11-23"}
    assert not client.records(symbols="ZTHN", feed="sip", start="2026-11-21T05:00:00Z", end="2026-11-22T23:00:00Z")
    last_friday = max(record["p"] for record in records if "6" in record["c"] and record["t"] < "2026-11-21")
    first_monday = next(record["p"] for record in records if record["t"] > "2026-11-23")
    assert abs(first_monday / last_friday - 1) < Decimal("0.25")
