"""Options that several commands read alike: dates, ranges, times, the choice of JSON."""

from datetime import date, datetime
from typing import Annotated

import typer

from marketpulse.errors import OperatorError

Json = Annotated[bool, typer.Option("--json", help="machine-readable output")]


def a_date(text: str | None) -> date | None:
    """The date that was given, if one was. Raises OperatorError."""
    return None if text is None else required_date(text)


def required_date(text: str) -> date:
    """A date written as 2026-11-20. Raises OperatorError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is not a date: write it as 2026-11-20") from None


def date_range(date_from: str | None, date_to: str | None) -> tuple[date | None, date | None]:
    """Both ends, inclusive; either may be open. Raises OperatorError when they are reversed."""
    first, last = a_date(date_from), a_date(date_to)
    if first is not None and last is not None and first > last:
        raise OperatorError(f"{first} is after {last}: give --from the earlier date")
    return first, last


def moment(text: str | None) -> datetime | None:
    """An aware time, if one was given. Raises OperatorError."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is not a time: write it as 2026-11-20T21:00:00Z") from None
    if at.tzinfo is None:
        raise OperatorError(f"{text!r} has no zone: end it with Z for UTC")
    return at
