"""Every trade of one real stock on one real day, through the simulator's HTTP face and the DAGs."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.integration.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(slots=True)
class Minute:
    """One minute of the file, recomputed plainly: first, highest, lowest, last, in file order."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trade_count: int


def minutes_of_the_file() -> dict[datetime, Minute]:
    minutes: dict[datetime, Minute] = {}
    for at, price, size in trades_of_the_file():
        start = at.replace(second=0, microsecond=0)
        minute = minutes.setdefault(start, Minute(price, price, price, price, Decimal(0), 0))
        minute.high = max(minute.high, price)
        minute.low = min(minute.low, price)
        minute.close = price
        minute.volume += size
        minute.trade_count += 1
    return minutes


def trades_of_the_file() -> Iterator[tuple[datetime, Decimal, Decimal]]:
    with gzip.open(TAPE, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["time"]).replace(tzinfo=NEW_YORK)
            yield at, Decimal(row["price"]), Decimal(row["size"])


def stored_minutes(stack: RunningStack, feed: str) -> dict[datetime, Minute]:
    rows = stack.read(
        "operations",
        "SELECT bar_start, open, high, low, close, volume, trade_count FROM market.bar_1m"
        " WHERE symbol = 'BAC' AND trading_date = '2013-10-07' AND feed = %(feed)s",
        feed=feed,
    )
    assert len({row[0] for row in rows}) == len(rows), "a minute of the tape belongs to one session part"
    return {row[0].astimezone(NEW_YORK): Minute(*row[1:]) for row in rows}


def trade_count(stack: RunningStack, feed: str) -> int:
    rows = stack.read(
        "operations",
        "SELECT count(*) FROM market.event"
        " WHERE symbol = 'BAC' AND trading_date = '2013-10-07' AND event_type = 'trade' AND feed = %(feed)s",
        feed=feed,
    )
    return int(rows[0][0])


def test_the_whole_tape_lands_and_every_minute_is_right(stack: RunningStack) -> None:
    shown = stack.command(
        "demo", "--tape", str(TAPE), "--symbol", "BAC", "--timezone", "America/New_York", timeout_s=600
    ).stdout
    assert "BAC" in shown
    assert trade_count(stack, "tape") == 88_172
    assert stored_minutes(stack, "tape") == minutes_of_the_file()
    assert stack.json("prove", "--date", "2013-10-07")["balanced"] is True


def test_a_file_replayed_straight_into_kafka_lands_the_same_day_and_adds_nothing_again(stack: RunningStack) -> None:
    replay = ("replay", str(TAPE), "--symbol", "BAC", "--kind", "trades", "--timezone", "America/New_York")
    for _ in range(2):
        stack.command(*replay, timeout_s=300)
        wait_until(lambda: trade_count(stack, "replay") == 88_172, timeout_s=120, what="the landing of the file")
    assert stack.json("prove", "--date", "2013-10-07")["balanced"] is True
    assert trade_count(stack, "replay") == 88_172
    assert stored_minutes(stack, "replay") == minutes_of_the_file()
