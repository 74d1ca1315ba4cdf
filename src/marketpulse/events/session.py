"""The trading calendar: which session a moment belongs to, and which part of it.

Extended hours of XNYS: pre 04:00 to the open, post from the close to 20:00 New York time (17:00 after an early close).
`24/7` is one regular session per UTC day.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from marketpulse.events.event import SessionPart


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; all times aware UTC. Parts: [pre_open_at, open_at), [open_at, close_at), [close_at, post_close_at)."""

    calendar: str
    trading_date: date
    pre_open_at: datetime
    open_at: datetime
    close_at: datetime
    post_close_at: datetime


class SessionCalendar(Protocol):
    """Sessions of one exchange."""

    name: str

    def session(self, trading_date: date) -> Session | None:
        """The session of a date, None when the exchange is closed that day."""
        ...

    def current_or_next(self, at: datetime) -> Session:
        """The session whose post close is after `at`."""
        ...

    def last_completed(self, at: datetime) -> Session:
        """The newest session whose post close is not after `at`."""
        ...

    def place(self, event_time_ns: int) -> tuple[date, SessionPart]:
        """Trading date and session part of a moment; time after post close belongs to the next session as overnight."""
        ...
