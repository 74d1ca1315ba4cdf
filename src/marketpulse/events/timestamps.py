"""Wire times to integer nanoseconds since 1970 and back. Nanoseconds never pass through a float.

Every function raises ValueError on text that is not the form it reads; none guesses a zone.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NS_PER_MILLISECOND = 1_000_000
NS_PER_SECOND = 1_000_000_000
NS_PER_MINUTE = 60 * NS_PER_SECOND
NS_PER_DAY = 86_400 * NS_PER_SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.date().toordinal()
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?"
_RFC3339 = re.compile(rf"(\d{{4}}-\d\d-\d\d)[Tt]{_CLOCK}(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII)
_NAIVE = re.compile(rf"(\d{{4}}-\d\d-\d\d)[ T]{_CLOCK}", re.ASCII)


@lru_cache(maxsize=64)
def _day_ns(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH_ORDINAL) * NS_PER_DAY


def _clock_ns(hour: str, minute: str, second: str, fraction: str | None) -> int:
    whole = (int(hour) * 3600 + int(minute) * 60 + int(second)) * NS_PER_SECOND
    return whole + int(fraction.ljust(9, "0")) if fraction else whole


def rfc3339_ns(text: str) -> int:
    """Nanoseconds of an RFC 3339 time with `Z` or an offset and 0 to 9 fractional digits.

    >>> rfc3339_ns("2022-03-11T19:08:43.947998695Z")
    1647025723947998695
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text[:40]!r}")
    day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    ns = _day_ns(day) + _clock_ns(hour, minute, second, fraction)
    if sign is None:
        return ns
    offset_ns = (int(offset_hours) * 60 + int(offset_minutes)) * NS_PER_MINUTE
    return ns - offset_ns if sign == "+" else ns + offset_ns


def local_ns(text: str, zone: str, *, fold: int = 0) -> int:
    """Nanoseconds of a naive local time (`2024-04-16 19:55:00[.fraction]`) of an IANA zone.

    `fold` chooses between the two readings of an hour that the autumn change repeats (0: the first).
    """
    match = _NAIVE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a local time: {text[:40]!r}")
    day, hour, minute, second, fraction = match.groups()
    local = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second}").replace(tzinfo=ZoneInfo(zone), fold=fold)
    return datetime_ns(local) + (int(fraction.ljust(9, "0")) if fraction else 0)


def datetime_ns(at: datetime) -> int:
    """Nanoseconds of an aware datetime, exact to its microsecond."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone has no place on the time line")
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS_PER_SECOND + since.microseconds * 1000


def ns_datetime(ns: int) -> datetime:
    """The aware UTC datetime of a nanosecond time, floored to the microsecond."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:")


def format_ns(ns: int) -> str:
    """RFC 3339 in UTC with nine fractional digits: the contract's `event_at`.

    >>> format_ns(1646802016910000000)
    '2022-03-09T05:00:16.910000000Z'
    """
    minute, rest = divmod(ns, NS_PER_MINUTE)
    second, fraction = divmod(rest, NS_PER_SECOND)
    return f"{_minute_text(minute)}{second:02d}.{fraction:09d}Z"
