"""Questions and recorded answers for the adapter's tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from marketpulse.events.session import calendar
from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Endpoint, Page, Query, Response

FIXTURES = Path(__file__).parents[1] / "fixtures" / "providers" / "alpaca"
SYMBOLS = ("AAPL", "BRK.B", "SPY", "TSLA", "ZTHN")
REQUESTED_AT = datetime(2022, 3, 11, 19, 9, 6, 201000, tzinfo=UTC)
RECEIVED_AT = datetime(2022, 3, 11, 19, 9, 6, 266000, tzinfo=UTC)


def recorded(name: str) -> bytes:
    """The body of a recorded answer."""
    return (FIXTURES / f"{name}.json").read_bytes()


def response(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, headers or {}, body, REQUESTED_AT, RECEIVED_AT)


def question(endpoint: Endpoint, *, feed: str = "iex") -> Query:
    return Query(endpoint, feed, SYMBOLS)


def normalized(body: bytes, endpoint: Endpoint, *, feed: str = "iex", headers: Mapping[str, str] | None = None) -> Page:
    """The page that the adapter makes of a body."""
    answer = response(body, headers=headers)
    return Alpaca().normalize(answer, question(endpoint, feed=feed), calendar("XNYS"), synthetic=False)
