"""Sessions that nobody read again after their end: late, corrected and cancelled trades of theirs may be missing."""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class UnsweptSession:
    """A session of one feed; `unswept` of its `symbols` were not read again from its start to its end."""

    trading_date: date
    provider: str
    feed: str
    calendar: str
    post_close_at: datetime
    unswept: int
    symbols: int

    @property
    def summary(self) -> str:
        """What is the matter, without an end to the sentence."""
        return (
            f"{self.feed} of {self.trading_date} was not read again after the session"
            f" ({self.unswept} of {self.symbols} symbols): late, corrected or cancelled trades may be missing"
        )

    @property
    def remedy(self) -> str:
        """What sweeps it afterwards."""
        return (
            f"trigger DAG market_producer with session_date {self.trading_date}, provider {self.provider}, feed"
            f" {self.feed} and calendar {self.calendar}, or run 'marketpulse produce --session {self.trading_date}"
            f" --provider {self.provider} --feed {self.feed} --calendar {self.calendar}'"
        )


def unswept_sessions(
    connection: psycopg.Connection, date_from: date | None, date_to: date | None
) -> tuple[UnsweptSession, ...]:
    """Those between two dates, both included, None for no bound; one that is still under way is among them."""
    bounds = {"date_from": date_from, "date_to": date_to}
    return tuple(UnsweptSession(*row) for row in connection.execute(read_sql("finality/select_unswept"), bounds))
