"""Any event the contract allows, and one dead letter: material of the tests of codec and schema."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from marketpulse.events.event import AnyEvent, Bar, DeadLetter, Quote, Snapshot, Status, Trade
from marketpulse.events.timestamps import NS_PER_DAY, format_ns

hex_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
prices = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("999999999999.999999"), places=6)
sizes = st.decimals(min_value=0, max_value=Decimal("999999999999999999.999999"), places=6)
signed = st.decimals(min_value=-(10**11), max_value=10**11, places=4)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001
nanoseconds = st.integers(min_value=631_152_000 * 10**9, max_value=7_258_118_400 * 10**9)


@st.composite
def events(draw: st.DrawFn) -> AnyEvent:
    """Any event the contract allows."""
    ns = draw(nanoseconds)

    def maybe(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    fields: dict[str, Any] = {
        "schema_version": 1,
        "entity_id": draw(hex_ids),
        "event_id": draw(hex_ids),
        "action": draw(st.sampled_from(["new", "correct", "cancel", "upsert"])),
        "provider": draw(words),
        "endpoint": draw(words),
        "feed": draw(st.sampled_from(["iex", "sip", "tape", "round_the_clock"])),
        "synthetic": draw(st.booleans()),
        "symbol": draw(words),
        "provider_symbol": draw(words),
        "session_part": draw(st.sampled_from(["pre", "regular", "post", "overnight", "closed"])),
        "trading_date": date(1970, 1, 1) + timedelta(days=ns // NS_PER_DAY + draw(st.integers(-1, 10))),
        "event_at": format_ns(ns),
        "event_time_ns": ns,
        "event_time_precision": "ns",
        "event_time_basis": "trade",
        "requested_at": draw(moments),
        "received_at": draw(moments),
        "producer_id": draw(texts),
        "producer_seq": draw(st.integers(0, 2**62)),
        "delay_s": maybe(st.sampled_from([0, 900])),
        "currency": maybe(texts),
        "quality": tuple(draw(st.lists(words, max_size=3))),
        "extra": draw(st.dictionaries(words, texts, max_size=3)),
    }
    match draw(st.sampled_from(["trade", "quote", "snapshot", "bar", "status"])):
        case "trade":
            return Trade(
                **fields,
                price=draw(prices),
                size=draw(sizes),
                trade_id=maybe(texts),
                conditions=tuple(draw(st.lists(words, max_size=4))),
                participant_time_ns=maybe(nanoseconds),
            )
        case "quote":
            return Quote(**fields, bid=maybe(prices), ask=maybe(prices), bid_size=maybe(sizes), ask_size=maybe(sizes))
        case "snapshot":
            return Snapshot(**fields, last=maybe(prices), change=maybe(signed), day_volume=maybe(sizes))
        case "bar":
            end = ns + draw(st.integers(1, 10**14))
            return Bar(
                **fields, interval="PT1M", bar_start_ns=ns, bar_end_ns=end, adjustment="raw", volume=maybe(sizes)
            )
        case _:
            return Status(**fields, status_code=draw(texts), status_reason=maybe(texts))


def dead_letter() -> DeadLetter:
    at = datetime(2022, 3, 11, 19, 9, 6, 201000, tzinfo=UTC)
    return DeadLetter(
        schema_version=1,
        dead_letter_id="0" * 32,
        reason="number",
        detail="p is None",
        provider="alpaca",
        endpoint="alpaca.trades",
        feed="sip",
        request="/v2/stocks/trades?symbols=AAPL",
        body='{"p":null}',
        requested_at=at,
        received_at=at,
        symbol="AAPL",
    )
