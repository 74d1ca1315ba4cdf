"""What a provider adapter is: four pure functions between a question about the market and events.

An adapter performs no I/O and reads no clock; `marketpulse.ingest` sends the requests and passes in the times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from marketpulse.events.event import AnyEvent
from marketpulse.events.session import SessionCalendar

Endpoint = Literal["trades", "bars", "snapshots"]


class Outcome(StrEnum):
    """What an answer means, by what one does next (retry, wait, drop the symbol, stop)."""

    OK = "ok"
    EMPTY = "empty"
    THROTTLED_SHORT = "throttled_short"
    QUOTA_EXHAUSTED = "quota_exhausted"
    AUTH = "auth"
    NOT_ENTITLED = "not_entitled"
    BAD_SYMBOL = "bad_symbol"
    BAD_REQUEST = "bad_request"
    TRANSIENT = "transient"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Query:
    """A question: which facts of which symbols (canonical names) between two market times, `end` exclusive."""

    endpoint: Endpoint
    feed: str
    symbols: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One GET: path below the provider's base address and its parameters. Holds no key.

    `symbols` are the canonical names it asks for; a page token continues exactly these.
    """

    endpoint: Endpoint
    path: str
    params: tuple[tuple[str, str], ...]
    symbols: tuple[str, ...] = ()

    def text(self) -> str:
        """Path and query, as stored beside a poll."""
        return self.path + "?" + "&".join(f"{name}={value}" for name, value in self.params)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came: `requested_at` is the start of sending, `received_at` the end of the body (host clock)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    requested_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A rate limit: at most `calls` in `seconds`."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Classified:
    """The outcome, the provider's words, and how long to wait if it said so (seconds).

    `bad_symbol` is canonical. `stated_limit` is the rate limit that the answer's headers state for this key's plan:
    it replaces the adapter's own guess.
    """

    outcome: Outcome
    message: str = ""
    retry_after_s: float | None = None
    bad_symbol: str | None = None
    stated_limit: Window | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record of an answer that cannot be an event; `body` is its wire text."""

    reason: str
    detail: str
    body: str
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer holds, in wire order. `next_page_token` is None on the last page.

    `symbols` are those that the provider shows to know by it, also those of which it has nothing to tell.
    """

    events: tuple[AnyEvent, ...]
    rejected: tuple[Rejected, ...]
    next_page_token: str | None = None
    symbols: frozenset[str] = frozenset()


class Provider(Protocol):
    """An adapter. Every method is pure."""

    name: str
    base_url: str

    def headers(self, key: str, secret: str) -> dict[str, str]:
        """Authentication headers; the only place where the key is used."""
        ...

    def delay_s(self, feed: str) -> int:
        """How long the feed holds back what happened, in seconds; 0 for real time."""
        ...

    def plan(self, query: Query, page_token: str | None = None) -> tuple[Request, ...]:
        """The requests that answer a query, in batches of symbols.

        With a page token: the one request that continues a batch, whose symbols the query must then name.
        """
        ...

    def classify(self, response: Response) -> Classified:
        """What an answer means. Never raises, whatever the body is."""
        ...

    def count(self, response: Response, query: Query) -> int:
        """How many records the body of a response that `normalize` could read holds on the wire.

        Counted apart from the events and by other means, so that the proof compares two numbers: a record that
        `normalize` drops without a word is missed. A part that `normalize` rejects as one counts as one.
        """
        ...

    def normalize(self, response: Response, query: Query, calendar: SessionCalendar, *, synthetic: bool) -> Page:
        """Events of a response classified OK. Raises RecordError when the body as a whole is unreadable."""
        ...

    def answer(self, endpoint: Endpoint, symbol: str, record: str) -> bytes:
        """The body of an answer that holds one record's wire text and nothing else, as `normalize` reads it.

        Raises RecordError where a record does not say which part of an answer it was.
        """
        ...

    def limits(self) -> tuple[Window, ...]:
        """The rate limits to keep before the provider has stated its own, with a margin."""
        ...
