"""The sessions that a run works on at the same time: which is opened when, and when one is done with.

Mostly it is one; the next one begins while the one before it waits for its sweep.
"""

import logging
from datetime import datetime, timedelta

from marketpulse.errors import OperatorError
from marketpulse.events.session import Session, SessionCalendar
from marketpulse.ingest.journal import Journal
from marketpulse.ingest.patience import PostgresPatience
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.session_run import HISTORY, SessionRun

logger = logging.getLogger(__name__)

# In continuous mode a longer gap is left to explicit runs for its days.
_LONGEST_CATCH_UP = timedelta(days=3)


class SessionsUnderWay:
    """Opens sessions in the journal and keeps them in `runs`, the newest last. Waits out Postgres's outages."""

    def __init__(
        self, plan: ProducerPlan, calendar: SessionCalendar, journal: Journal, patience: PostgresPatience
    ) -> None:
        self._plan = plan
        self._calendar = calendar
        self._journal = journal
        self._patience = patience
        self.runs: list[SessionRun] = []

    @property
    def newest(self) -> SessionRun:
        return self.runs[-1]

    def first(self, market_at: datetime) -> Session:
        """The session that the plan starts with. Raises OperatorError when it names no trading day."""
        wanted = self._plan.trading_date
        session = self._calendar.current_or_next(market_at) if wanted is None else self._calendar.session(wanted)
        if session is None:
            raise OperatorError(f"{wanted} is no trading day of {self._plan.calendar}: choose another --session")
        return session

    def open_first(self, first: Session) -> None:
        if self._plan.is_continuous:
            # The run before this one may have ended between a session's close and its sweep.
            before = self._calendar.last_completed(first.pre_open_at)
            if self._patience.until_done(lambda: self._journal.lacks_sweep(before)):
                self._open(before)
        self._open(first)

    def follow(self, market_at: datetime) -> None:
        """In continuous mode: opens the next session when this one is read, an earlier one when the clock went back."""
        if not self._plan.is_continuous:
            return
        current, now = self.newest, self._calendar.current_or_next(market_at)
        if now.trading_date < current.session.trading_date:
            if market_at < now.post_close_at - self._plan.overlap:
                logger.warning("the market clock went back to %s", market_at.isoformat())
                self.runs = []
                self._open(now)
        elif current.is_read():
            following = self._calendar.current_or_next(current.session.post_close_at)
            if market_at - following.post_close_at > _LONGEST_CATCH_UP:
                logger.warning("leaving out the sessions from %s to %s", following.trading_date, now.trading_date)
                following = now
            self._open(following)

    def leave_finished(self, market_at: datetime) -> None:
        self.runs = [run for run in self.runs if not self._is_finished(run, market_at)]

    def reload(self) -> None:
        """Goes back to the stored cursors, whatever was read since."""
        for run in self.runs:
            self._load(run)

    def _open(self, session: Session) -> None:
        self._patience.until_done(lambda: self._journal.open_session(session))
        run = SessionRun(self._plan, session)
        self._load(run)
        self.runs.append(run)
        logger.info("session %s of %s: %d symbols", session.trading_date, session.calendar, len(run.symbols))

    def _load(self, run: SessionRun) -> None:
        for endpoint in HISTORY:
            cursors = self._patience.until_done(
                lambda endpoint=endpoint: self._journal.cursors(endpoint, run.session.trading_date, run.symbols)  # type: ignore[misc]
            )
            run.load(endpoint, cursors)

    def _is_finished(self, run: SessionRun, market_at: datetime) -> bool:
        if not run.is_read():
            return False
        if self._plan.until is not None:
            return True
        return market_at >= run.sweep_at and run.is_swept()
