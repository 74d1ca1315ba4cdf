"""A recorded file through the HTTP face, against a plain reading of the file; and files that cannot be played."""

import csv
import gzip
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.simulator.simulator_client import Json, Params, SimulatorClient

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"
NEW_YORK = ZoneInfo("America/New_York")
WHOLE: Params = {"symbols": "BAC", "feed": "tape", "start": "2013-10-07T00:00:00Z", "limit": 10_000}


def lines() -> list[list[str]]:
    with gzip.open(TAPE, "rt", encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


def load(client: SimulatorClient, path: Path, symbol: str = "BAC", timezone: str = "America/New_York") -> Json:
    answer = client.control("POST", "/tape", {"path": str(path), "symbol": symbol, "timezone": timezone})
    body: Json = answer.json()
    return body


def test_the_whole_file_comes_out_line_by_line(client: SimulatorClient) -> None:
    assert load(client, TAPE) == {"symbol": "BAC", "trading_date": "2013-10-07", "trades": 88_172}
    client.stand("2013-10-08T00:20:00Z")
    records = client.records(**WHOLE)["BAC"]
    expected = lines()
    assert len(records) == len(expected) == 88_172
    seen: Counter[str] = Counter()
    for record, (at, price, size, exchange, conditions) in zip(records, expected, strict=True):
        utc = datetime.fromisoformat(at).replace(tzinfo=NEW_YORK).timestamp()
        seen[at] += 1
        assert record["i"] == seen[at], "the file's order within a millisecond, from 1"
        assert datetime.fromisoformat(record["t"]).timestamp() == utc
        assert (record["p"], record["s"]) == (Decimal(price), Decimal(size))
        assert (record["x"], record["c"]) == (exchange, [conditions] if conditions else [])
    truth = client.truth("2013-10-07", "tape")["symbols"]["BAC"]
    assert (truth["trades"], truth["versions"], truth["late"], truth["duplicated"]) == (88_172, 88_172, 0, 0)
    assert Decimal(truth["volume"]) == sum(Decimal(line[2]) for line in expected)
    assert Decimal(truth["notional"]) == sum(Decimal(line[1]) * Decimal(line[2]) for line in expected)


def test_a_line_more_or_less_leaves_the_other_trades_as_they_were(client: SimulatorClient, tmp_path: Path) -> None:
    def shown() -> set[tuple[object, ...]]:
        return {tuple(map(str, record.values())) for record in client.records(**WHOLE)["BAC"]}

    load(client, TAPE)
    client.stand("2013-10-08T00:20:00Z")
    whole = shown()
    assert len(whole) == 88_172
    shorter = tmp_path / "shorter.csv"
    kept = lines()[1:]
    shorter.write_text(HEADER + "".join(",".join(line) + "\n" for line in kept))
    load(client, shorter)
    assert shown() < whole


def test_minute_bars_are_a_plain_recomputation_in_file_order(client: SimulatorClient) -> None:
    load(client, TAPE)
    client.stand("2013-10-08T00:20:00Z")
    plain: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for at, price, size, _, _ in lines():
        plain.setdefault(at[:16], []).append((Decimal(price), Decimal(size)))
    bars = client.read("bars", timeframe="1Min", **WHOLE)["bars"]["BAC"]
    assert len(bars) == len(plain)
    for bar, (minute, trades) in zip(bars, plain.items(), strict=True):
        assert datetime.fromisoformat(bar["t"]).astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M") == minute
        prices = [price for price, _ in trades]
        assert (bar["o"], bar["h"], bar["l"], bar["c"]) == (prices[0], max(prices), min(prices), prices[-1])
        assert (bar["v"], bar["n"]) == (sum(size for _, size in trades), len(trades))


def test_each_line_is_visible_at_its_own_time(client: SimulatorClient) -> None:
    load(client, TAPE)
    client.stand("2013-10-07T08:00:00.613Z")
    assert client.read("trades", **WHOLE)["trades"] == {}
    nothing_yet = client.read("snapshots", symbols="BAC,NOPE", feed="tape")
    assert list(nothing_yet) == ["BAC"]
    assert set(nothing_yet["BAC"].values()) == {None}
    client.stand("2013-10-07T08:00:00.614Z")
    assert len(client.read("trades", **WHOLE)["trades"]["BAC"]) == 1
    assert client.read("snapshots", symbols="BAC", feed="tape")["BAC"]["latestTrade"]["i"] == 1
    client.stand("2013-10-07T15:03:00Z")
    assert client.get("trades", **WHOLE).status_code == 200, "the generated market's outage is not the tape's"
    assert client.truth("2013-10-07", "tape")["total_trades"] == sum(line[0] <= "2013-10-07 11:03" for line in lines())


HEADER = "time,price,size,exchange,conditions\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("", "no column price, size, time"),
        ("a,b,c\n1,2,3\n", "'a,b,c'"),
        (HEADER, "holds no trades"),
        (HEADER + "2013-10-07 04:00:00.614,13.94,500,P,\n2013-10-07 04:00:01,13.94x,1,P,\n", "line 3: not a number"),
        (HEADER + "2013-10-07 04:00:00.614,13.94,500,P\n", "line 2: 4 fields"),
        (HEADER + "2013-10-07 25:00:00,13.94,500,P,0\n", "line 2: not a local time"),
        (HEADER + "2013-10-07 04:00:00,13.94,0,P,0\n", "line 2: a price or size of zero"),
        (HEADER + '2013-10-07 04:00:00,13.94,1,"P""",0\n', "line 2: unusual characters"),
        (HEADER + "2013-10-07 04:00:00,1,1,P,0\n2013-10-08 04:00:00,1,1,P,0\n", "more than one day"),
        (b"\xff\xfe\x00", "not plain text"),
        (b"\x1f\x8b\x08broken", "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(
    client: SimulatorClient, tmp_path: Path, content: str | bytes | None, words: str
) -> None:
    path = tmp_path / "tape.csv"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    error = load(client, path)["error"]
    assert words in error
    assert str(path) in error
    assert "\n" not in error


def test_symbol_and_timezone_are_checked(client: SimulatorClient) -> None:
    assert "symbol 'bac' is not usable" in load(client, TAPE, symbol="bac")["error"]
    assert "unknown timezone 'Mars/Base'" in load(client, TAPE, timezone="Mars/Base")["error"]
