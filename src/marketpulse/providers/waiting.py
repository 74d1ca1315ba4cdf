"""How long an answer asks us to wait, read from its headers against its own `Date`, never against our clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 86_400.0


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header by its name in any case."""
    wanted = name.lower()
    return next((value.strip() for key, value in headers.items() if key.lower() == wanted), None)


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """The answer's own `Date`; None when it has none that can be read."""
    return _http_date(header(headers, "Date"))


def wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `Retry-After`, else `X-Ratelimit-Reset` as epoch seconds; None when neither can be used.

    Negative and unreadable values are ignored; nothing asks for more than a day.
    """
    asked = header(headers, "Retry-After")
    seconds = _whole(asked)
    if seconds is None:
        seconds = _until(_http_date(asked), headers)
    if seconds is None:
        reset = _whole(header(headers, "X-Ratelimit-Reset"))
        seconds = _until(datetime.fromtimestamp(reset, UTC), headers) if reset is not None else None
    return None if seconds is None else min(seconds, LONGEST_WAIT_S)


def _until(moment: datetime | None, headers: Mapping[str, str]) -> float | None:
    now = answered_at(headers)
    if moment is None or now is None or moment < now:
        return None
    return (moment - now).total_seconds()


def _whole(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 11 else None


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
