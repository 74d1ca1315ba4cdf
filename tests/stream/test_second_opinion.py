"""Bars by the sink and bars by the second engine agree on whatever comes: conditions, versions, order, lateness."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, trade

from marketpulse.store.postgres import connect
from marketpulse.warehouse.equation import Equation, Tally
from marketpulse.warehouse.minute_bars import compare_bars
from marketpulse.warehouse.second_engine import second_engine

# Every role and restriction of the table, codes that no table knows, and text that a quoting rule could trip over.
CODES = [
    "@",
    " ",
    "B",
    "C",
    "F",
    "G",
    "I",
    "L",
    "M",
    "O",
    "Q",
    "T",
    "U",
    "V",
    "Z",
    "4",
    "5",
    "6",
    "7",
    "9",
    "?",
    '","',
    "",
]

versions = st.builds(
    lambda number, action, price, second, minute, feed, part, tape, codes, size: trade(
        number,
        action=action,
        price=price,
        size=size,
        symbol="AAA" if number % 2 else 'B"B,\n',
        feed=feed,
        session_part=part,
        at=OPEN + timedelta(minutes=minute, seconds=number),
        received_at=RECEIVED + timedelta(seconds=second),
        conditions=tuple(codes),
        tape=tape,
        sequence=str(number) if number > 3 else None,
        volume_scope="venue_iex" if number == 5 else "consolidated",
    ),
    st.integers(1, 6),
    st.sampled_from(["new", "new", "new", "correct", "cancel"]),
    st.sampled_from(["10", "10.000001", "999999.999999", "0.000001", "3.3333"]),
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from(["sip", "sip", "iex", "tape", "boats"]),
    st.sampled_from(["regular", "regular", "pre", "post", "overnight", "closed"]),
    st.sampled_from(["A", "B", "C", None]),
    st.lists(st.sampled_from(CODES), max_size=3),
    st.sampled_from(["1", "100", "0.5", "999999999.999999"]),
)


def recount(feeder: Feeder, dsn: str) -> Equation:
    tally = Tally()
    with connect(dsn, application_name="test") as connection, second_engine(connection) as engine:
        compare_bars(engine, tally, DAY)
    return tally.equation("bars", "", "")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, min_size=1, max_size=12), min_size=1, max_size=3))
def test_both_make_the_same_bars(feeder: Feeder, batches: list[list[Any]]) -> None:
    with psycopg.connect(feeder.owner_dsn) as connection:
        connection.execute(
            "TRUNCATE market.event, market.event_superseded, market.bar_1m, market.latest, market.feed_progress,"
            " ops.stream_batch, ops.stream_ledger CASCADE"
        )
    feeder.ends.clear()
    for batch in batches:
        feeder.land(*batch)
    found = recount(feeder, feeder.owner_dsn)
    assert found.offending == ()
    assert feeder.rows("SELECT count(*) FROM market.bar_1m") == [(int(found.left),)]


@pytest.mark.parametrize("size", ["3", "6", "7"])
def test_the_average_price_is_rounded_half_up_without_a_float(feeder: Feeder, size: str) -> None:
    """12345678.123457 and its like have more digits than a double."""
    feeder.land(
        trade(1, price="12345678.123457", size=size),
        trade(2, price="0.000001", size="1", at=OPEN + timedelta(seconds=1)),
        trade(3, price="99999999.999999", size="123456789.000001", at=OPEN + timedelta(minutes=1)),
    )
    assert recount(feeder, feeder.owner_dsn).balanced


@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        ("UPDATE market.bar_1m SET notional = notional + 0.000000000001", "notional 1000.000000000001 against 1000"),
        ("UPDATE market.bar_1m SET low = NULL", "low None against 10.000000"),
        ("DELETE FROM market.bar_1m", "not stored, open 10.000000"),
        ("UPDATE market.event SET action = 'cancel'", "volume_scope consolidated is stored, nothing is due"),
        ("UPDATE market.event SET conditions = '{I}'", "open 10.000000 against None"),
        ("UPDATE market.event SET event_time_ns = event_time_ns + 60000000000", "13:31Z regular: not stored"),
    ],
)
def test_what_differs_is_shown_figure_by_figure(feeder: Feeder, damage: str, shown: str) -> None:
    feeder.land(trade(1))
    feeder.execute(damage)
    found = recount(feeder, feeder.owner_dsn)
    assert not found.balanced
    assert any(shown in text for text in found.offending)
    assert found.offending[0].startswith("AAA sip 2025-03-14 13:30Z regular: ")
