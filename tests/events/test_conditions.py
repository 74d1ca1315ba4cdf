from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.events.conditions import Eligibility, eligibility, eligibility_of, is_mapped
from marketpulse.events.event import SessionPart, Trade

CODES = [*"@ABCDEFGHIKLMNOPQRSTUVWXYZ1456789", " ", "?"]


def flags(codes: str, *, tape: str | None = "C", part: SessionPart = "regular", feed: str = "sip") -> str:
    """Volume, high/low, open/close as letters, then the auction and the part of the bar."""
    found = eligibility_of(feed, tuple(codes), tape=tape, session_part=part)
    letters = zip("vhc", (found.adds_volume, found.sets_high_low, found.sets_open_close), strict=True)
    return f"{''.join(letter if on else '-' for letter, on in letters)} {found.auction} {found.bar_session_part}"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("", "vhc None regular"),
        ("@", "vhc None regular"),
        ("@F", "vhc None regular"),
        ("@I", "v-- None regular"),
        ("@FI", "v-- None regular"),
        ("@O", "vhc open regular"),
        ("@6X", "vhc close regular"),
        ("@5", "vhc None regular"),
        ("@Q", "--- open_report regular"),
        ("@M", "--- close_report regular"),
        ("OQ", "--- open_report regular"),
        ("9", "--- close_correction regular"),
        ("@6M9", "--- close_correction regular"),
        ("@4", "vh- None regular"),
        ("@Z", "vh- None regular"),
        ("@7", "v-- None regular"),
        ("@T", "v-- None regular"),
        ("?", "v-- None regular"),
    ],
)
def test_rules_of_the_regular_part(codes: str, expected: str) -> None:
    assert flags(codes) == expected


@pytest.mark.parametrize("part", ["pre", "post"])
def test_form_t_sets_the_prices_of_its_own_part(part: SessionPart) -> None:
    assert flags("@T", part=part) == f"vhc None {part}"
    assert flags("@TI", part=part) == f"v-- None {part}"
    assert flags("@U", part=part) == f"v-- None {part}"


def test_auctions_after_the_bell_belong_to_the_regular_part() -> None:
    assert flags("@6X", part="post") == "vhc close regular"
    assert flags("@M", part="post") == "--- close_report regular"
    assert flags("@O", part="pre") == "vhc open regular"


def test_night_trades_belong_to_no_bar() -> None:
    assert flags("@", part="overnight") == "vhc None None"
    assert flags("@6", part="closed") == "vhc close None"


def test_one_code_may_mean_two_things_on_two_tapes() -> None:
    assert flags("B", tape="A") == "v-- None regular"
    assert flags("B", tape="C") == "vhc None regular"
    assert flags("B", tape=None) == "v-- None regular"


def test_feeds_share_the_table_or_count_everything() -> None:
    assert all(is_mapped(feed) for feed in ("sip", "delayed_sip", "iex", "round_the_clock"))
    assert not is_mapped("tape")
    assert flags("@I", feed="round_the_clock") == flags("@I", feed="iex") == "v-- None regular"
    assert flags("@IM", feed="tape") == "vhc None regular"


def test_reads_the_trade(make_trade: Callable[..., Trade]) -> None:
    assert eligibility(make_trade(conditions=("@", "I"))) == Eligibility(True, False, False, None, "regular")


@given(st.lists(st.sampled_from(CODES), max_size=5), st.randoms(), st.sampled_from(["A", "B", "C", None]))
def test_order_and_repetition_of_conditions_do_not_matter(codes: list[str], random: object, tape: str | None) -> None:
    shuffled = [*codes, *codes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert flags("".join(shuffled), tape=tape) == flags("".join(codes), tape=tape)


@given(st.lists(st.sampled_from(CODES), max_size=5), st.sampled_from(CODES))
def test_one_more_condition_never_allows_more(codes: list[str], another: str) -> None:
    fewer, more = (
        eligibility_of("sip", tuple(c), tape="C", session_part="regular") for c in (codes, [*codes, another])
    )
    assert fewer.adds_volume >= more.adds_volume
    assert fewer.sets_high_low >= more.sets_high_low
    assert fewer.sets_open_close >= more.sets_open_close
