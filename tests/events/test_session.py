from datetime import UTC, date, datetime

import pytest

from marketpulse.errors import OperatorError
from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.events.timestamps import rfc3339_ns


@pytest.fixture(scope="module")
def xnys() -> SessionCalendar:
    return calendar("XNYS")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_day_after_thanksgiving_closes_early(xnys: SessionCalendar) -> None:
    assert xnys.closes_early(date(2025, 11, 28))
    assert not xnys.closes_early(date(2025, 11, 26))
    assert not calendar("24/7").closes_early(date(2025, 11, 28))
    assert (xnys.time_zone, calendar("24/7").time_zone) == ("America/New_York", "UTC")


def test_a_usual_day_of_2013(xnys: SessionCalendar) -> None:
    session = xnys.session(date(2013, 10, 7))
    assert session is not None
    assert (session.calendar, session.trading_date) == ("XNYS", date(2013, 10, 7))
    assert session.pre_open_at == utc("2013-10-07T08:00")
    assert session.open_at == utc("2013-10-07T13:30")
    assert session.close_at == utc("2013-10-07T20:00")
    assert session.post_close_at == utc("2013-10-08T00:00")


def test_an_early_close_ends_its_post_market_at_17(xnys: SessionCalendar) -> None:
    session = xnys.session(date(2026, 11, 27))
    assert session is not None
    assert session.pre_open_at == utc("2026-11-27T09:00")
    assert session.close_at == utc("2026-11-27T18:00")
    assert session.post_close_at == utc("2026-11-27T22:00")


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 28), date(2026, 12, 25), date(2001, 9, 12)])
def test_closed_days_have_no_session(xnys: SessionCalendar, day: date) -> None:
    assert xnys.session(day) is None


@pytest.mark.parametrize(
    ("wire", "trading_date", "part"),
    [
        ("2022-03-11T19:08:43.947998695Z", "2022-03-11", "regular"),
        ("2022-03-11T14:29:59.999999999Z", "2022-03-11", "pre"),
        ("2022-03-11T14:30:00Z", "2022-03-11", "regular"),
        ("2022-03-11T20:59:59.999999999Z", "2022-03-11", "regular"),
        ("2022-03-11T21:00:00Z", "2022-03-11", "post"),
        ("2022-03-12T00:59:59.999999999Z", "2022-03-11", "post"),
        ("2022-03-11T08:59:59Z", "2022-03-11", "overnight"),
        ("2022-03-10T01:00:00Z", "2022-03-10", "overnight"),
        ("2022-03-12T01:00:00Z", "2022-03-14", "closed"),
        ("2022-03-13T23:59:00Z", "2022-03-14", "closed"),
        ("2022-03-14T03:00:00Z", "2022-03-14", "overnight"),
        ("2026-11-27T18:30:00Z", "2026-11-27", "post"),
        ("2026-11-27T22:00:00Z", "2026-11-30", "closed"),
        ("2022-03-10T05:00:00Z", "2022-03-10", "overnight"),
        ("2022-07-10T04:00:00Z", "2022-07-11", "closed"),
        ("1985-01-02T15:00:00Z", "1985-01-02", "closed"),
        ("2200-01-02T15:00:00Z", "2200-01-02", "closed"),
    ],
)
def test_places_a_moment(xnys: SessionCalendar, wire: str, trading_date: str, part: str) -> None:
    assert xnys.place(rfc3339_ns(wire)) == (date.fromisoformat(trading_date), part)


def test_last_completed_and_current_turn_over_at_the_post_close(xnys: SessionCalendar) -> None:
    end = utc("2022-03-12T01:00")
    assert xnys.last_completed(end).trading_date == date(2022, 3, 11)
    assert xnys.current_or_next(end).trading_date == date(2022, 3, 14)
    before = end.replace(hour=0, minute=59)
    assert xnys.last_completed(before).trading_date == date(2022, 3, 10)
    assert xnys.current_or_next(before).trading_date == date(2022, 3, 11)


def test_outside_its_years_it_says_so(xnys: SessionCalendar) -> None:
    with pytest.raises(OperatorError, match="check the market clock"):
        xnys.current_or_next(utc("2200-01-01T00:00"))
    with pytest.raises(OperatorError, match="check the market clock"):
        xnys.last_completed(utc("1980-01-01T00:00"))


def test_round_the_clock() -> None:
    always = calendar("24/7")
    session = always.session(date(2026, 11, 28))
    assert session is not None
    assert session.pre_open_at == session.open_at == utc("2026-11-28T00:00")
    assert session.close_at == session.post_close_at == utc("2026-11-29T00:00")
    assert always.place(rfc3339_ns("2026-11-28T23:59:59.999999999Z")) == (date(2026, 11, 28), "regular")
    assert always.current_or_next(utc("2026-11-29T00:00")).trading_date == date(2026, 11, 29)
    assert always.last_completed(utc("2026-11-29T00:00")).trading_date == date(2026, 11, 28)


def test_an_exchange_without_extended_hours() -> None:
    session = calendar("XLON").session(date(2026, 11, 27))
    assert session is not None
    assert session.pre_open_at == session.open_at
    assert session.post_close_at == session.close_at


def test_calendars_are_built_once_and_aliases_resolve() -> None:
    assert calendar("XNYS") is calendar("XNYS")
    assert calendar("NYSE").name == "XNYS"


def test_an_unknown_calendar_is_a_clear_error() -> None:
    with pytest.raises(OperatorError, match="unknown trading calendar 'NOPE'"):
        calendar("NOPE")
