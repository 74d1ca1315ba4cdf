"""The demo's passage of the provider's outage: at full speed to shortly before, slowly until it was read over."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from marketpulse.demo.outage import LEAD, SLOW_SPEED, OutagePassage, passage
from marketpulse.events.session import calendar

START = datetime(2026, 11, 20, 16, tzinfo=UTC)
END = START + timedelta(minutes=7)


@dataclass
class Market:
    """A market clock that only moves when somebody sleeps or sets it."""

    now: datetime
    speed: float = 1500.0
    played: list[tuple[datetime, float]] = field(default_factory=list)

    def market_at(self) -> datetime:
        return self.now

    def play(self, market_at: datetime, *, speed: float) -> None:
        self.now, self.speed = market_at, speed
        self.played.append((market_at, speed))

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds * self.speed)


def test_the_slow_part_begins_in_time_however_late_one_asks() -> None:
    slow_from = START - LEAD
    for asked_at in (slow_from - timedelta(seconds=2000), slow_from, START + timedelta(seconds=30)):
        market = Market(asked_at)
        assert OutagePassage(market, START, END, 1500.0, sleep=market.sleep).arrive() is None
        assert market.played == [(max(slow_from, asked_at), SLOW_SPEED)]


def test_until_then_the_day_goes_on() -> None:
    market = Market(START - timedelta(hours=2))
    assert OutagePassage(market, START, END, 1500.0, sleep=market.sleep).arrive() == "14:00 UTC"
    assert market.played == []


def test_it_is_left_when_it_was_read_over_or_never_will_be() -> None:
    market = Market(END - timedelta(seconds=1), SLOW_SPEED)
    way = OutagePassage(market, START, END, 1500.0)
    assert way.leave(lambda since: True) == "16:06 UTC, the provider is out"
    market.now = END + timedelta(minutes=1)
    assert way.leave(lambda since: False) is not None
    assert market.played == []
    assert way.leave(lambda since: since == END) is None
    assert market.played == [(END + timedelta(minutes=1), 1500.0)]
    market.now = END + timedelta(hours=1)
    assert way.leave(lambda since: False) is None


def test_a_slower_demo_is_not_made_faster() -> None:
    market = Market(START, 10.0)
    OutagePassage(market, START, END, 10.0, sleep=market.sleep).arrive()
    assert market.speed == 10.0


def test_only_the_exchange_has_an_outage() -> None:
    day = date(2026, 11, 20)
    session = calendar("XNYS").session(day)
    assert session is not None
    way = passage(Market(START), session, "sip", speed=1500.0)
    assert way is not None
    assert (way.start, way.end) == (START, END)
    assert passage(Market(START), session, "tape", speed=1500.0) is None
