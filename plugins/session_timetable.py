"""When a trading day's DAG run starts, and the interval it stands for.

One run per session of the calendar. Its data interval reaches from the pre-market open to the post-market close plus
the sweep; holidays and weekends have no run, an early close shortens the interval. The run starts at the interval's
start less a lead, or at its end. Deterministic and cheap: Airflow asks from the scheduler's loop.
"""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from marketpulse.errors import OperatorError

if TYPE_CHECKING:
    from marketpulse.events.session import Session, SessionCalendar

logger = logging.getLogger(__name__)


def now() -> pendulum.DateTime:
    """The host's time."""
    return pendulum.now("UTC")


class SessionTimetable(Timetable):
    """Trading days of `calendar`. `runs_at` says at which end of the session its run starts."""

    active_runs_limit = 1

    def __init__(
        self,
        calendar: str = "XNYS",
        *,
        runs_at: Literal["start", "end"] = "start",
        lead_min: float = 5.0,
        sweep_min: float = 20.0,
    ) -> None:
        self.calendar = calendar
        self.runs_at = runs_at
        self.lead_min = lead_min
        self.sweep_min = sweep_min
        self.description = f"trading days of {calendar}, at the session's {runs_at}"

    @property
    def summary(self) -> str:
        return f"{self.calendar} session {self.runs_at}"

    def serialize(self) -> dict[str, Any]:
        return {
            "calendar": self.calendar,
            "runs_at": self.runs_at,
            "lead_min": self.lead_min,
            "sweep_min": self.sweep_min,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "SessionTimetable":
        return cls(data["calendar"], runs_at=data["runs_at"], lead_min=data["lead_min"], sweep_min=data["sweep_min"])

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """The session under way at `run_after`, else the last one that ended before it."""
        sessions = self._sessions()
        current = sessions.current_or_next(run_after)
        return self._interval(current if current.pre_open_at <= run_after else sessions.last_completed(run_after))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The session after the last automated run's.

        Without catch-up, sessions that are over are left out; a run at the session's end that was missed while the
        scheduler was down is made up for, the newest one only.
        """
        try:
            return self._next(last_automated_data_interval, restriction)
        except OperatorError as error:
            # Raising here would stop the scheduler's loop for every DAG.
            logger.error("no session is scheduled: %s", error)
            return None

    def _next(self, last: DataInterval | None, restriction: TimeRestriction) -> DagRunInfo | None:
        sessions = self._sessions()
        moment = now()
        if last is not None:
            # From the session's start: its end may have been computed with another sweep delay.
            previous = sessions.current_or_next(last.start)
            session = sessions.current_or_next(previous.post_close_at)
            if not restriction.catchup and self._interval(session).end <= moment:
                session = self._skipped_to(moment)
        elif restriction.catchup:
            if restriction.earliest is None:
                return None
            session = sessions.current_or_next(restriction.earliest)
        else:
            session = sessions.current_or_next(moment)
        while restriction.earliest is not None and self._interval(session).end < restriction.earliest:
            session = sessions.current_or_next(session.post_close_at)
        info = self._info(session)
        return None if restriction.latest is not None and info.run_after > restriction.latest else info

    def _skipped_to(self, moment: pendulum.DateTime) -> "Session":
        sessions = self._sessions()
        if self.runs_at == "start":
            return sessions.current_or_next(moment)
        return sessions.last_completed(moment - timedelta(minutes=self.sweep_min))

    def _info(self, session: "Session") -> DagRunInfo:
        interval = self._interval(session)
        starts = interval.start - timedelta(minutes=self.lead_min)
        return DagRunInfo(run_after=starts if self.runs_at == "start" else interval.end, data_interval=interval)

    def _interval(self, session: "Session") -> DataInterval:
        end = session.post_close_at + timedelta(minutes=self.sweep_min)
        return DataInterval(start=pendulum.instance(session.pre_open_at), end=pendulum.instance(end))

    def _sessions(self) -> "SessionCalendar":
        # Imported late: every Airflow component loads this module, only schedulers need the calendar.
        from marketpulse.events.session import calendar

        return calendar(self.calendar)
