"""The order of arrival shows nowhere: any order, any split into batches, any repetition ends in the same tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.database import Database
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, bar, quote, trade
from tests.stream.tables import empty, tables

from marketpulse.events.event import Action, AnyEvent
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.rollups import compute_daily


def received(second: int) -> datetime:
    return RECEIVED + timedelta(seconds=second)


# Trades of earlier days; the calendar of the last one counts it to a day that is later than those of newer trades.
DAYS_BACK = {5: timedelta(days=1), 6: timedelta(days=2), 7: timedelta(hours=1)}
DATES_BACK = {5: timedelta(days=1), 6: timedelta(days=2), 7: timedelta(days=-1)}

ACTIONS: list[Action] = ["new", "new", "correct", "cancel"]

versions = st.builds(
    lambda number, action, price, second: trade(
        number,
        action=action,
        price=str(price),
        size=str(number * 10),
        symbol="AAA" if number % 2 else "BBB",
        at=OPEN - DAYS_BACK.get(number, timedelta()) + timedelta(minutes=number % 3, seconds=number),
        trading_date=DAY - DATES_BACK.get(number, timedelta()),
        received_at=received(second),
        conditions=("@", "I") if number == 3 else ("@",),
    ),
    st.integers(1, 7),
    st.sampled_from(ACTIONS),
    st.integers(10, 13),
    st.integers(0, 3),
)
quotes = st.builds(
    lambda second, bid: quote(at=OPEN + timedelta(seconds=second), bid=str(bid)), st.integers(0, 3), st.integers(1, 3)
)
bars = st.builds(
    lambda close, second: bar(close=str(close), received_at=received(second)), st.integers(10, 12), st.integers(0, 3)
)
events = st.lists(st.one_of(versions, versions, quotes, bars), min_size=1, max_size=14)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events of one partition, landed together, maybe by a driver that has just started."""

    items: tuple[AnyEvent, ...]
    partition: int = 0
    after_restart: bool = False


def land(feeder: Feeder, batches: list[Batch]) -> dict[str, list[Any]]:
    empty(feeder)
    for batch in batches:
        if batch.after_restart:
            feeder.restart()
        if batch.items:
            feeder.land(*batch.items, partition=batch.partition)
    return tables(feeder)


@st.composite
def arrivals(draw: st.DrawFn, items: list[AnyEvent]) -> list[Batch]:
    """The same events in any order, some of them again, split anyhow over batches, partitions and runs."""
    again = draw(st.lists(st.sampled_from(items), max_size=6))
    shuffled = draw(st.permutations([*items, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=6)))
    return [
        Batch(tuple(shuffled[start:end]), draw(st.integers(0, 2)), draw(st.booleans()))
        for start, end in pairwise([0, *cuts, len(shuffled)])
    ]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), items=events)
def test_any_order_and_any_split_end_in_the_same_tables(feeder: Feeder, data: st.DataObject, items: list[Any]) -> None:
    whole = land(feeder, [Batch(tuple(items))])
    assert land(feeder, data.draw(arrivals(items))) == whole
    [(landed, superseding)] = feeder.rows("SELECT sum(landed), sum(superseding) FROM ops.stream_batch")
    assert (landed, superseding) == (len(whole["market.event"]), len(whole["market.event_superseded"]))


# A trade of each of three days, and one that its calendar counted to a later day than newer ones.
WHEN = {
    1: (timedelta(), DAY),
    2: (timedelta(hours=3), DAY + timedelta(days=1)),
    3: (timedelta(hours=4), DAY),
    4: (timedelta(days=1), DAY - timedelta(days=1)),
}
daily = st.builds(
    lambda number, action: trade(number, at=OPEN - WHEN[number][0], trading_date=WHEN[number][1], action=action),
    st.sampled_from(list(WHEN)),
    st.sampled_from(["new", "new", "cancel"]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.one_of(daily, daily, quotes), min_size=3, max_size=12))
def test_latest_is_the_newest_of_all_days_whatever_came_when(feeder: Feeder, items: list[Any]) -> None:
    """Against the events themselves: the newest price-setting trade and the newest quote, after each event alone."""
    land(feeder, [Batch((item,)) for item in items])
    expected = feeder.rows(
        "SELECT known.symbol, known.feed, trade.event_id, trade.price, trade.trading_date, quote.bid, quote.event_at"
        " FROM (SELECT DISTINCT symbol, feed FROM market.event) AS known"
        " LEFT JOIN LATERAL (SELECT * FROM market.event AS event WHERE (event.symbol, event.feed) = (known.symbol,"
        " known.feed) AND event_type = 'trade' AND action <> 'cancel' AND sets_open_close"
        " ORDER BY event_time_ns DESC, event_id DESC LIMIT 1) AS trade ON true"
        " LEFT JOIN LATERAL (SELECT *, (detail ->> 'bid')::numeric AS bid FROM market.event AS event"
        " WHERE (event.symbol, event.feed) = (known.symbol, known.feed) AND event_type = 'quote'"
        " ORDER BY event_time_ns DESC LIMIT 1) AS quote ON true ORDER BY known.symbol"
    )
    assert expected == feeder.rows(
        "SELECT symbol, feed, trade_event_id, price, trade_date, bid, quote_at FROM market.latest ORDER BY symbol"
    )


CLOSE = OPEN + timedelta(hours=6, minutes=30)

# The closing auction, the report of it, and two corrections of the close, one of them after the other.
closings = st.builds(
    lambda number, action, price, second: trade(
        number,
        action=action,
        price=str(price),
        size="100",
        at=CLOSE + timedelta(minutes=10 * number),
        received_at=received(second),
        session_part="post",
        conditions=({1: "6", 2: "M"}.get(number, "9"),),
    ),
    st.integers(1, 4),
    st.sampled_from(ACTIONS),
    st.integers(10, 19),
    st.integers(0, 3),
)


def official_close(items: list[Any]) -> tuple[Decimal | None, str | None]:
    """The close as the tapes' rules give it: the last correction in force, else the auction, else the report."""
    # The same version again is a duplicate, whenever it came: it was received when it was received first.
    first: dict[str, Any] = {}
    for item in sorted(items, key=lambda one: one.received_at):
        first.setdefault(item.event_id, item)
    in_force: dict[int, Any] = {}
    for item in first.values():
        number, rank = int(item.trade_id), ("new", "correct", "cancel").index(item.action)
        known = in_force.get(number)
        if known is None or (rank, item.received_at, item.event_id) > known[0]:
            in_force[number] = ((rank, item.received_at, item.event_id), item)
    standing = {number: item for number, (_, item) in in_force.items() if item.action != "cancel"}
    for number, basis in ((4, "correction"), (3, "correction"), (1, "auction"), (2, "report")):
        if number in standing:
            return standing[number].price, basis
    return None, None


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), items=st.lists(closings, min_size=1, max_size=8))
def test_the_last_correction_in_force_is_the_close_in_any_order(
    database: Database, feeder: Feeder, data: st.DataObject, items: list[Any]
) -> None:
    shuffled = data.draw(st.permutations(items))
    cut = data.draw(st.integers(0, len(items)))
    land(feeder, [Batch(tuple(shuffled[:cut])), Batch((trade(9, size="7"), *shuffled[cut:]))])
    compute_daily(database.operations_dsn, DAY, DAY)
    [(close, basis, high, volume)] = feeder.rows("SELECT close, close_basis, high, volume FROM rollup.daily")
    expected, its_basis = official_close(items)
    assert (close, basis) == (Decimal(10) if expected is None else expected, its_basis or "trade")
    # The proof's second engine finds the same day.
    equations = {one.name: one for one in prove(database.operations_dsn, settle_s=0).equations}
    assert equations["rollup_days_from_minutes"].verdict == equations["bars_recomputed"].verdict == "ok"
    # Neither a report nor a correction is a trade.
    auction = expected if its_basis == "auction" else None
    if auction is not None:
        assert (high, volume) == (max(Decimal(10), auction), 107)
    elif not any(item.trade_id == "1" for item in items):
        assert (high, volume) == (10, 7)
