from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.events.timestamps import datetime_ns, format_ns, local_ns, ns_datetime, rfc3339_ns

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("wire", "ns"),
    [
        ("2022-03-11T19:08:43.947998695Z", 1647025723947998695),
        ("2022-03-09T05:00:16.91Z", 1646802016910000000),
        ("2022-03-18T14:33:58.547942Z", 1647614038547942000),
        ("2026-09-29T15:00:07.078869649-04:00", 1790708407078869649),
        ("2022-07-26T20:50:00Z", 1658868600000000000),
        ("1970-01-01T05:30:00+05:30", 0),
    ],
)
def test_reads_rfc_3339(wire: str, ns: int) -> None:
    assert rfc3339_ns(wire) == ns


@pytest.mark.parametrize(
    ("wire", "fold", "ns"),
    [
        ("2024-04-16 19:55:00", 0, 1713311700000000000),
        ("2024-10-30 19:59:57.644", 0, 1730332797644000000),
        ("2023-08-24 11:09:00", 0, 1692889740000000000),
        ("2026-11-27 12:55:00", 0, 1795802100000000000),
        ("2026-11-01 01:30:00", 0, 1793511000000000000),
        ("2026-11-01 01:30:00", 1, 1793514600000000000),
    ],
)
def test_reads_local_time(wire: str, fold: int, ns: int) -> None:
    assert local_ns(wire, NEW_YORK, fold=fold) == ns


def test_epoch_seconds_of_the_note() -> None:
    assert ns_datetime(1789580577 * 10**9) == datetime(2026, 9, 16, 13, 42, 57, tzinfo=timezone(timedelta(hours=-4)))


@pytest.mark.parametrize(
    "wire",
    [
        "",
        "2022-03-11",
        "2022-03-11T19:08:43",
        "2022-03-11 19:08:43Z",
        "2022-03-11T19:08:43.Z",
        "2022-03-11T19:08:43.1234567890Z",
        "2022-02-30T00:00:00Z",
        "2022-03-11T24:00:00Z",
        "2022-03-11T19:08:43Z\n",
        "\uff12022-03-11T19:08:43Z",
        "1647025723",
    ],
)
def test_refuses_what_is_not_rfc_3339(wire: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - two texts, both ours or the standard library's
        rfc3339_ns(wire)


def test_refuses_a_local_time_with_a_zone() -> None:
    with pytest.raises(ValueError, match="not a local time"):
        local_ns("2024-04-16T19:55:00Z", NEW_YORK)


def test_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        datetime_ns(datetime(2024, 1, 1))  # noqa: DTZ001 - the point of the test


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_text_round_trip_keeps_every_nanosecond(ns: int) -> None:
    assert rfc3339_ns(format_ns(ns)) == ns


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_datetime_round_trip_keeps_every_microsecond(at: datetime) -> None:
    assert ns_datetime(datetime_ns(at)) == at


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_rfc_3339_agrees_with_the_standard_library(at: datetime) -> None:
    assert rfc3339_ns(at.isoformat() + "-04:00") == datetime_ns(at.replace(tzinfo=timezone(timedelta(hours=-4))))
