"""What to poll, what a poll has heard and counted so far, and what it came to."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from marketpulse.ingest.fetch import Failure
from marketpulse.ingest.journal import Poll, Purpose
from marketpulse.providers.provider import Outcome, Query, Request


@dataclass(frozen=True, slots=True)
class Counted:
    """What one answer added."""

    events: int
    repeated: int
    rejected: int

    def since(self, before: "Counted") -> "Counted":
        return Counted(self.events - before.events, self.repeated - before.repeated, self.rejected - before.rejected)


@dataclass(frozen=True, slots=True)
class Task:
    """What to poll: a query, why, for which session day, at which market time, and whether it moves the cursors."""

    query: Query
    purpose: Purpose
    trading_date: date
    market_at: datetime
    moves_cursor: bool


@dataclass(frozen=True, slots=True)
class PollResult:
    """The poll to commit, the failure that ended it if any, and the symbols that the provider does not accept."""

    poll: Poll
    failure: Failure | None = None
    bad_symbols: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.failure is None

    def rows(self) -> list[Poll]:
        """The poll's row, and one for the symbols that the provider refused in it."""
        if not self.bad_symbols or not self.is_complete:
            return [self.poll]
        note = replace(
            self.poll,
            symbols=self.bad_symbols,
            outcome=str(Outcome.BAD_SYMBOL),
            covered_from=None,
            covered_until=None,
            http_status=None,
            pages=0,
            records=0,
            events=0,
            repeated=0,
            rejected=0,
            set_aside=0,
            moves_cursor=False,
        )
        return [self.poll, note]


@dataclass(frozen=True, slots=True)
class Heard:
    """The first request of a poll, and the end of its last answer."""

    request: Request
    requested_at: datetime
    received_at: datetime
    http_status: int | None


@dataclass(slots=True)
class Tally:
    """A poll under way."""

    task: Task
    symbols: tuple[str, ...]
    heard: Heard | None = None
    pages: int = 0
    records: int = 0
    events: int = 0
    repeated: int = 0
    rejected: int = 0
    set_aside: int = 0
    bad_symbols: list[str] = field(default_factory=list)

    @property
    def counted(self) -> Counted:
        return Counted(self.events, self.repeated, self.rejected)

    @property
    def accounted(self) -> int:
        """Records of which it is known what became of them."""
        return self.events + self.repeated + self.rejected + self.set_aside

    @property
    def success(self) -> Outcome:
        """What a poll that was answered to its end came to."""
        return Outcome.OK if self.events or self.repeated or self.rejected else Outcome.EMPTY

    def hear(self, heard: Heard) -> None:
        if self.heard is None:
            self.heard = heard
            return
        status = heard.http_status if heard.http_status is not None else self.heard.http_status
        self.heard = replace(self.heard, received_at=heard.received_at, http_status=status)
