"""The published vectors of the identity rules, and what must not change an identity."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.events import identity
from marketpulse.events.identity import Ids, canon

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18)


def alpaca_trade(feed: str = "iex", ns: int = 1647025723947998695, price: str = "156.055", action: str = "new") -> Ids:
    return identity.trade_ids(
        "alpaca",
        feed,
        symbol="AAPL",
        exchange="V",
        trf="",
        trade_id="10593",
        event_time_ns=ns,
        price=price,
        size=100,
        action=action,
    )


def massive_trade(exchange: str, price: str) -> Ids:
    return identity.trade_ids(
        "massive",
        "sip",
        symbol="AAPL",
        exchange=exchange,
        trf="3",
        trade_id="183276",
        event_time_ns=1651181822461979400,
        price=price,
        size=10,
    )


def finnhub_trade(price: str, size: int) -> Ids:
    return identity.trade_ids(
        "finnhub",
        "provider",
        symbol="AAPL",
        exchange="",
        trf="",
        trade_id=identity.synthetic_trade_id(1628238530221, price, size, ["1", "24", "12"], 0),
        event_time_ns=1628238530221 * 1_000_000,
        price=price,
        size=size,
    )


def bar(provider: str, feed: str, interval: str, start_ns: int, adjustment: str, *values: object) -> Ids:
    names = ("open_", "high", "low", "close", "volume", "vwap", "trade_count")
    symbol = "IBM" if provider == "alphavantage" else "AAPL"
    return identity.bar_ids(
        provider,
        feed,
        symbol=symbol,
        interval=interval,
        bar_start_ns=start_ns,
        adjustment=adjustment,
        **dict(zip(names, values, strict=False)),  # type: ignore[arg-type]
    )


def snapshot(provider: str, feed: str, symbol: str, ns: int, *values: str | None) -> Ids:
    names = ("last", "day_open", "day_high", "day_low", "day_volume", "prev_close")
    return identity.snapshot_ids(
        provider, feed, symbol=symbol, event_time_ns=ns, **dict(zip(names, values, strict=True))
    )


VECTORS = [
    (alpaca_trade(), "18d97d133336926a2b3ebb25f3dc27c2", "79e74f6b1c80f79eaf13cd4e564811bc"),
    (massive_trade("11", "156.43"), "91c7517824316a0130465a7a2689b133", "5f173769d049469418602781cb7a03e5"),
    (massive_trade("12", "157.43"), "c6a17089408f58a3b78b0a2f1c73477f", "9c4260f1d76b9cf9bb93d4abb35ac506"),
    (finnhub_trade("146.76", 43), "bb0df7208c1c8b13276739b3bb83bfd4", "6d5c4e8a3e08dafaf81237452f708a45"),
    (finnhub_trade("146.75", 1), "95f6066b31887d7659876d2d4938b1b0", "85c92e7be198b276d02e2a5bcd8ac38d"),
    (
        identity.quote_ids(
            "alpaca",
            "iex",
            symbol="AAPL",
            event_time_ns=1647025746125564144,
            bid="156.08",
            bid_size=1,
            bid_exchange="V",
            ask="157.2",
            ask_size=5,
            ask_exchange="V",
        ),
        "b979c6d76b899fd25295d966e1b9ca02",
        "7e04aeae4fec9eb517c41c6d55bf28db",
    ),
    (
        snapshot(
            "finnhub", "provider", "AAPL", 1789580577 * 10**9, "333.27", "331.96", "335.48", "331.87", None, "331.34"
        ),
        "83594fccc2adf58b59d3703db30dc70b",
        "b483facdea9b9b6a5d584aac79eaa214",
    ),
    (
        snapshot(
            "alphavantage",
            "provider",
            "MSFT",
            1538712000000000000,
            "112.1300",
            "112.6300",
            "113.1700",
            "110.6400",
            "29062853",
            "112.7900",
        ),
        "3fdf2f20fa748f6e5b94bf93f908ffd1",
        "b1b05d5c56ac86e18c3e26306756b31c",
    ),
    (
        bar(
            "alphavantage",
            "provider",
            "PT5M",
            1713311700000000000,
            "all",
            "183.9900",
            "183.9900",
            "183.7600",
            "183.7600",
            "16",
        ),
        "8f814fd0cc6125f45d81edeb1f99f566",
        "dcd770e23126b39d116f4b344e50a4e5",
    ),
    (
        bar(
            "twelvedata",
            "provider",
            "PT1M",
            1692889740000000000,
            "split",
            "177.91010",
            "178.02000",
            "177.91000",
            "178.00121",
            "293189",
        ),
        "28e1db20f130762942da7f577063a922",
        "852fd3ca91a77db0ef58cbd98c27105e",
    ),
    (
        bar(
            "alpaca",
            "iex",
            "PT1M",
            1647025680000000000,
            "raw",
            "156.02",
            "156.1",
            "156.02",
            "156.055",
            4483,
            "156.055956",
            26,
        ),
        "5d79870842f441911aa9580af7d1670b",
        "41c27d4c4afa9014a80cccdbdc7d4820",
    ),
    (
        snapshot(
            "tiingo", "iex", "AAPL", 1790708407078869649, "330.965", "337.15", "337.28", "330.45", "860648.0", "338.4"
        ),
        "1c5679eb66d2537249ab4862f1a5c31a",
        "d0c9a5e112ed8d1e3eb1013bbeeeb4bc",
    ),
    (
        identity.status_ids("alpaca", "sip", symbol="AAPL", event_time_ns=1614021300000000000, code="H", reason="T12"),
        "89a99cf1784e1fa31a2d7fb35d330990",
        "d7c16897520c72498af07a851e085c3a",
    ),
]


@pytest.mark.parametrize(("ids", "entity_id", "event_id"), VECTORS)
def test_published_vectors(ids: Ids, entity_id: str, event_id: str) -> None:
    assert ids == (entity_id, event_id)


def test_synthetic_trade_id_of_the_note() -> None:
    made = identity.synthetic_trade_id(1628238530221, "146.76", 43, ["1", "24", "12"], 0)
    assert made == "~1628238530221|146.76|43|1,12,24|0"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("86.4900", "86.49"),
        ("174", "174"),
        ("860648.0", "860648"),
        ("1E+2", "100"),
        ("-0.0", "0"),
        (None, ""),
        (7, "7"),
    ],
)
def test_canonical_numbers(number: str | int | None, text: str) -> None:
    assert canon(number) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN", "twelve"])
def test_refuses_what_is_no_number(number: str) -> None:
    with pytest.raises(ValueError, match=r"not finite|not a number"):
        canon(number)


def test_a_delayed_feed_hashes_as_the_real_one() -> None:
    assert alpaca_trade("delayed_sip") == alpaca_trade("sip") != alpaca_trade("iex")


def test_milliseconds_and_nanoseconds_of_one_trade_are_one_fact() -> None:
    assert alpaca_trade(ns=1647025723947998695) == alpaca_trade(ns=1647025723947000000)


def test_a_correction_keeps_its_entity() -> None:
    first, corrected, cancelled = alpaca_trade(), alpaca_trade(price="156.06"), alpaca_trade(action="cancel")
    assert first[0] == corrected[0] == cancelled[0]
    assert len({first[1], corrected[1], cancelled[1]}) == 3


def test_a_dead_letter_is_its_text() -> None:
    first = identity.dead_letter_id("alpaca", "alpaca.trades", "sip", '{"p":null}')
    assert first == identity.dead_letter_id("alpaca", "alpaca.trades", "sip", '{"p":null}')
    assert first != identity.dead_letter_id("alpaca", "alpaca.trades", "iex", '{"p":null}')


@given(decimals)
def test_canon_keeps_the_value_and_is_stable(number: Decimal) -> None:
    text = canon(number)
    assert Decimal(text) == number
    assert canon(text) == text


@given(decimals, st.integers(min_value=0, max_value=12))
def test_canon_ignores_how_a_number_is_written(number: Decimal, zeros: int) -> None:
    plain = format(number, "f")
    padded = plain + ("" if "." in plain else ".") + "0" * zeros
    assert canon(padded.removesuffix(".")) == canon(plain) == canon(f"{number:e}" if number else "0")


@given(st.permutations(["@", "T", "I", "F"]))
def test_conditions_in_any_order_make_the_same_synthetic_id(conditions: list[str]) -> None:
    assert identity.synthetic_trade_id(1, "1", 1, conditions, 0) == "~1|1|1|@,F,I,T|0"


@given(st.lists(st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=8), min_size=1))
def test_digest_is_32_hex_digits_and_keeps_parts_apart(parts: list[str]) -> None:
    made = identity.digest32(*parts)
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")
    assert made != identity.digest32(*parts, "")
