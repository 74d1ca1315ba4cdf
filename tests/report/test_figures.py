from datetime import date, timedelta
from decimal import Decimal

import pytest

from marketpulse.report import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (Decimal("102"), "102.00"),
        (Decimal("1234.500000"), "1,234.50"),
        (Decimal("0.031400"), "0.0314"),
        (Decimal("-3.5"), "−3.50"),
    ],
)
def test_a_price_keeps_every_digit_that_carries_something(value: Decimal | None, text: str) -> None:
    assert figures.price(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (1234567, "1,234,567"), (Decimal("12.500000"), "12.5")]
)
def test_an_amount_has_no_idle_decimals(value: Decimal | int | None, text: str) -> None:
    assert figures.amount(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (None, "–"),
        (Decimal("0.0123456"), "+1.23 %"),
        (Decimal("-0.05"), "−5.00 %"),
        (Decimal("0.000001"), "0.00 %"),
        (Decimal("19"), "+1,900.00 %"),
    ],
)
def test_a_return_shows_its_sign_and_no_negative_zero(fraction: Decimal | None, text: str) -> None:
    assert figures.change(fraction) == text


def test_a_whole_that_lacks_something_never_reads_as_whole() -> None:
    assert figures.share(Decimal("99.9999")) == "99.99 %"
    assert figures.share(Decimal(100)) == "100.00 %"
    assert figures.share(None) == "–"


def test_times_say_how_far_from_utc_they_are() -> None:
    assert figures.offset(timedelta(hours=-5)) == "UTC−5"
    assert figures.offset(timedelta(hours=5, minutes=30)) == "UTC+5:30"
    assert figures.offset(timedelta()) == "UTC+0"
    assert figures.long_date(date(2026, 11, 2)) == "Monday 2 November 2026"


def test_durations_read_in_their_own_unit() -> None:
    assert [figures.duration(seconds) for seconds in (None, 0.4, 600, 90_000)] == ["–", "0 s", "10 min", "25 h 0 min"]
