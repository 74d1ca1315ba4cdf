"""Restatements, and what a bar said at a time, against a plain computation in Python of what every batch left."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, trade
from tests.stream.tables import empty

from marketpulse.events.event import Trade

MINUTE = timedelta(minutes=1)
SESSION_END = OPEN + 8 * MINUTE
RANKS = {"new": 0, "correct": 1, "cancel": 2}

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One batch, and the market time at which it lands."""

    market_at: datetime
    trades: tuple[Trade, ...]


@dataclass(slots=True)
class Model:
    """What the pipeline promises of one symbol, computed anew after each batch."""

    versions: dict[str, Trade] = field(default_factory=dict)
    winners: dict[str, Trade] = field(default_factory=dict)
    progress: datetime | None = None

    def land(self, step: Step) -> dict[datetime, set[str]]:
        """The versions that came to count by this batch, by minute."""
        before = dict(self.winners)
        for one in step.trades:
            known = self.versions.get(one.event_id)
            if known is None or one.received_at < known.received_at:
                self.versions[one.event_id] = one
        for one in sorted(self.versions.values(), key=rank):
            self.winners[one.entity_id] = one
        newest = min(max(map(event_at, step.trades)), step.market_at)
        self.progress = newest if self.progress is None else max(self.progress, newest)
        causes: dict[datetime, set[str]] = {}
        for entity_id, winner in self.winners.items():
            if entity_id not in before or before[entity_id].event_id != winner.event_id:
                causes.setdefault(minute(winner), set()).add(winner.event_id)
        return causes

    def is_closed(self, start: datetime, market_at: datetime) -> bool:
        return market_at >= SESSION_END or (self.progress is not None and self.progress >= start + 2 * MINUTE)

    def figures(self, start: datetime) -> Figures | None:
        trades = [one for one in self.winners.values() if minute(one) == start and one.action != "cancel"]
        if not trades:
            return None
        priced = [one.price for one in sorted(trades, key=in_minute) if "I" not in one.conditions]
        volume = sum((one.size for one in trades), Decimal(0))
        notional = sum((one.price * one.size for one in trades), Decimal(0))
        return {
            "open": priced[0] if priced else None,
            "high": max(priced, default=None),
            "low": min(priced, default=None),
            "close": priced[-1] if priced else None,
            "volume": volume,
            "notional": notional,
            "vwap": (notional / volume).quantize(Decimal("0.000001"), ROUND_HALF_UP),
            "trade_count": len(trades),
        }


def rank(version: Trade) -> tuple[int, datetime, str]:
    return RANKS[version.action], version.received_at, version.event_id


def in_minute(version: Trade) -> tuple[int, int, str]:
    return version.event_time_ns, int(version.trade_id or 0), version.event_id


def event_at(one: Trade) -> datetime:
    return datetime.fromisoformat(one.event_at[:19] + "+00:00")


def minute(one: Trade) -> datetime:
    return event_at(one).replace(second=0)


# Trades of four minutes, one of them only odd lots; versions of the same trade differ in price, action and receipt.
versions = st.builds(
    lambda number, action, price, second: trade(
        number,
        at=OPEN + (number % 4) * MINUTE + timedelta(seconds=7 * (number // 4)),
        price=str(price),
        size=str(10 * number),
        action=action,
        conditions=("@", "I") if number % 4 == 3 else ("@",),
        received_at=RECEIVED + timedelta(seconds=second),
    ),
    st.integers(1, 9),
    st.sampled_from(["new", "new", "new", "correct", "cancel"]),
    st.integers(10, 12),
    st.integers(0, 3),
)


@st.composite
def plays(draw: st.DrawFn) -> list[Step]:
    """Batches at rising market times, none with a trade that has not happened yet."""
    market_at, steps = OPEN, list[Step]()
    for trades in draw(st.lists(st.lists(versions, min_size=1, max_size=5), min_size=1, max_size=5)):
        market_at = max(market_at + timedelta(seconds=draw(st.integers(0, 150))), max(map(event_at, trades)))
        steps.append(Step(market_at, tuple(trades)))
    return steps


def play(feeder: Feeder, steps: list[Step]) -> None:
    empty(feeder)
    feeder.execute("TRUNCATE market.session CASCADE")
    feeder.execute(
        "INSERT INTO market.session VALUES ('XNYS', %s, %s, %s, %s, %s)", DAY, OPEN, OPEN, SESSION_END, SESSION_END
    )
    feeder.execute("INSERT INTO market.subscription VALUES (%s, 'AAA', 'sip', 'XNYS', 'alpaca')", DAY)
    for step in steps:
        feeder.clock.at = step.market_at
        feeder.land(*step.trades)


MINUTES = tuple(OPEN + number * MINUTE for number in range(5))
NAMES = ("open", "high", "low", "close", "volume", "notional", "vwap", "trade_count")
SAID = (
    "SELECT state, open, high, low, close, volume, notional, vwap, trade_count, restated_later"
    " FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS asked (bar_start, at, number)"
    " CROSS JOIN LATERAL market.bar_as_it_was('AAA', 'sip', asked.bar_start, 'regular', asked.at) ORDER BY number"
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=plays())
def test_every_change_of_a_closed_bar_is_told_once_with_all_its_causes(feeder: Feeder, steps: list[Step]) -> None:
    play(feeder, steps)
    model, expected = Model(), list[tuple[object, ...]]()
    for number, step in enumerate(steps):
        closed = [start for start in MINUTES if model.is_closed(start, step.market_at)]
        old = {start: model.figures(start) for start in MINUTES}
        causes = model.land(step)
        for start in closed:
            if model.figures(start) != old[start]:
                expected.append((number, start, old[start], model.figures(start), causes[start], step.market_at))
    found = feeder.rows(
        "SELECT dense_rank() OVER (ORDER BY batch.batch_id) - 1, restatement.*, batch.batch_id"
        " FROM ops.stream_batch AS batch LEFT JOIN LATERAL (SELECT bar_start, old, new, causes, market_at"
        " FROM ops.restatement WHERE restatement.batch_id = batch.batch_id) AS restatement ON true"
        " ORDER BY batch.batch_id, bar_start"
    )
    assert [
        (number, start, plain(old), plain(new), {uuid.UUID(cause["event_id"]).hex for cause in causes}, market_at)
        for number, start, old, new, causes, market_at, _ in found
        if start is not None
    ] == expected
    assert feeder.rows("SELECT symbol, trading_date FROM ops.dirty_day") == [("AAA", DAY)]
    for start in MINUTES:
        chain = [(plain(old), plain(new)) for _, at, old, new, *_ in found if at == start]
        assert all(one[1] == other[0] for one, other in pairwise(chain))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=plays())
def test_a_bar_said_what_the_batches_until_then_had_left(feeder: Feeder, steps: list[Step]) -> None:
    play(feeder, steps)
    moments = {OPEN, SESSION_END, SESSION_END + MINUTE}
    moments |= {step.market_at + timedelta(seconds=shift) for step in steps for shift in (-1, 0, 1)}
    model, landed = Model(), 0
    changes: dict[datetime, list[datetime]] = {start: [] for start in MINUTES}
    told: dict[tuple[datetime, datetime], tuple[str, Figures | None]] = {}
    for moment in sorted(moments):
        for step in steps[landed:]:
            if step.market_at > moment:
                break
            before = {start: (model.is_closed(start, step.market_at), model.figures(start)) for start in MINUTES}
            model.land(step)
            for start, (was_closed, old) in before.items():
                if was_closed and model.figures(start) != old:
                    changes[start].append(step.market_at)
            landed += 1
        for start in MINUTES:
            figures = model.figures(start)
            state = "forming" if not model.is_closed(start, moment) else "absent" if figures is None else "closed"
            told[start, moment] = (state, figures if state == "closed" else None)
    rows = feeder.rows(SAID, *map(list, zip(*told, strict=True)))
    for ((start, moment), (state, figures)), row in zip(told.items(), rows, strict=True):
        shown = dict(zip(NAMES, row[1:9], strict=True)) if row[0] == "closed" else None
        later = sum(at > moment for at in changes[start])
        assert (row[0], shown, row[9]) == (state, figures, later), f"{start} at {moment}"


def plain(figures: dict[str, Any] | None) -> Figures | None:
    """Stored figures as exact numbers."""
    if figures is None:
        return None
    return {name: None if figures[name] is None else Decimal(str(figures[name])) for name in NAMES}


def test_a_gap_between_trades_makes_no_bar(feeder: Feeder) -> None:
    feeder.land(trade(1), trade(2, at=OPEN + 30 * MINUTE))
    feeder.land(trade(3, at=OPEN + 60 * MINUTE))
    starts = [(OPEN,), (OPEN + 30 * MINUTE,), (OPEN + 60 * MINUTE,)]
    assert feeder.rows("SELECT bar_start FROM market.bar_1m ORDER BY 1") == starts


def test_reports_of_the_official_prices_add_nothing_to_any_bar(feeder: Feeder) -> None:
    feeder.land(
        trade(1, conditions=("Q",), price="9"),
        trade(2, conditions=("M",), price="99", at=OPEN + timedelta(hours=6, minutes=30), session_part="post"),
        trade(3, conditions=("9",), price="98", at=OPEN + timedelta(hours=7), session_part="post"),
    )
    assert feeder.rows("SELECT * FROM market.bar_1m") == []
    feeder.land(trade(4, price="10", size="7"))
    assert feeder.rows("SELECT open, high, volume, trade_count FROM market.bar_1m") == [(10, 10, 7, 1)]
