"""The order of arrival shows nowhere: any order, any split into batches, any repetition ends in the same tables."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.database import Database
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, bar, quote, trade

from marketpulse.events.event import Action, AnyEvent
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.rollups import compute_daily

TABLES = {
    "event": "SELECT entity_id, event_id, action, price, size, received_at, bar_start FROM market.event",
    "superseded": "SELECT entity_id, event_id, action, price, received_at, superseded_by FROM market.event_superseded",
    "bar": "SELECT symbol, feed, bar_start, session_part, open, high, low, close, volume, notional, vwap, trade_count"
    " FROM market.bar_1m",
    "latest": "SELECT symbol, feed, price, size, trade_event_id, trade_date, bid, ask, quote_at, received_at"
    " FROM market.latest",
    "provider_bar": "SELECT entity_id, event_id, close, revisions FROM market.provider_bar",
    "progress": "SELECT symbol, feed, latest_event_at FROM market.feed_progress",
    "dirty": "SELECT symbol, trading_date FROM ops.dirty_day",
}


def received(second: int) -> datetime:
    return RECEIVED + timedelta(seconds=second)


ACTIONS: list[Action] = ["new", "new", "correct", "cancel"]

versions = st.builds(
    lambda number, action, price, second: trade(
        number,
        action=action,
        price=str(price),
        size=str(number * 10),
        symbol="AAA" if number % 2 else "BBB",
        at=OPEN + timedelta(minutes=number % 3, seconds=number),
        received_at=received(second),
        conditions=("@", "I") if number == 3 else ("@",),
    ),
    st.integers(1, 5),
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


def empty(feeder: Feeder) -> None:
    tables = (
        "market.event, market.event_superseded, market.bar_1m, market.latest, market.provider_bar,"
        " market.feed_progress, ops.dirty_day, ops.stream_batch, ops.stream_ledger, ops.restatement"
    )
    with psycopg.connect(feeder.owner_dsn) as connection:
        connection.execute(f"TRUNCATE {tables} CASCADE")
    feeder.ends.clear()


def tables(feeder: Feeder) -> dict[str, list[Any]]:
    return {name: sorted(feeder.rows(query), key=repr) for name, query in TABLES.items()}


def land(feeder: Feeder, batches: list[list[AnyEvent]]) -> dict[str, list[Any]]:
    empty(feeder)
    for batch in batches:
        if batch:
            feeder.land(*batch)
    return tables(feeder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), items=events)
def test_any_order_and_any_split_end_in_the_same_tables(feeder: Feeder, data: st.DataObject, items: list[Any]) -> None:
    whole = land(feeder, [items])
    shuffled = data.draw(st.permutations([*items, *data.draw(st.lists(st.sampled_from(items), max_size=3))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    bounds = zip([0, *cuts], [*cuts, len(shuffled)], strict=True)
    assert land(feeder, [shuffled[start:end] for start, end in bounds]) == whole
    [(landed, superseding)] = feeder.rows("SELECT sum(landed), sum(superseding) FROM ops.stream_batch")
    assert (landed, superseding) == (len(whole["event"]), len(whole["superseded"]))


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
    land(feeder, [shuffled[:cut], [trade(9, size="7"), *shuffled[cut:]]])
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
