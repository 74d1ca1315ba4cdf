"""Data that keeps flowing: the simulated market that never closes, played fast, and one producer that follows it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import uuid4

from marketpulse.chaos.recovery import has_published
from marketpulse.chaos.site import Site
from marketpulse.demo.market_control import MarketControl
from marketpulse.demo.waiting import ask, wait
from marketpulse.errors import MarketPulseError
from marketpulse.events.listing import listings
from marketpulse.local.pipeline_dags import PRODUCER_DAG
from marketpulse.local.progress import Reporter
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

T = TypeVar("T")

STEP = "market"
# So far before the first day that is known: hours of rounds meet days that nobody has played yet.
START_BEFORE = timedelta(days=3)
# Seconds between polls: at the market's speed each finds something new.
POLL_INTERVAL_S = 1.0
_START_S = 240.0
# A run that is given up does not wait long for what does not answer.
_LEAVING_S = 20.0


class Flow:
    """Takes the market over, and gives it back as it was."""

    def __init__(self, site: Site, reporter: Reporter, *, speed: float) -> None:
        self._settings = site.settings
        self._reporter = reporter
        self._speed = speed
        self._airflow = site.blueprint.airflow_api()
        self._control = MarketControl(site.blueprint.control_url)
        self._run_id: str | None = None
        self._was_followed = False

    def begin(self) -> None:
        """Ends the producers that run, sets the market's clock and returns once events of it are published."""
        self._reporter.step(STEP, "running", "ending the producers that run")
        before = self._asked(lambda: self._airflow.active_runs(PRODUCER_DAG))
        self._was_followed = bool(before)
        for run_id in before:
            self._asked(lambda run_id=run_id: self._airflow.end_run(PRODUCER_DAG, run_id))  # type: ignore[misc]
        wait(self._reporter, STEP, self._running, timeout_s=_START_S)
        start = datetime.combine(self._asked(self._first_date) - START_BEFORE, time(), UTC)
        self._asked(lambda: self._control.play(start, speed=self._speed))
        began_at = datetime.now(UTC)
        self._run_id = self._trigger("chaos", {"poll_interval": POLL_INTERVAL_S})
        wait(self._reporter, STEP, lambda: self._first_events(began_at), timeout_s=_START_S)

    def end(self) -> None:
        """The market's time is this machine's again, and a producer follows it if one did before. Says what fails."""
        run_id = self._run_id
        try:
            if run_id is not None:
                self._asked(lambda: self._airflow.end_run(PRODUCER_DAG, run_id), timeout_s=_LEAVING_S)
            self._asked(self._control.go_live, timeout_s=_LEAVING_S)
            if self._was_followed:
                self._trigger("live", {})
            self._reporter.step(STEP, "done", "its time is this machine's again")
        except MarketPulseError as error:
            self._reporter.step(STEP, "failed", f"{error}; 'make down' and 'make up' begin anew")

    def _running(self) -> str | None:
        return "the running producer ends" if self._airflow.active_task_instances(PRODUCER_DAG) else None

    def _first_events(self, since: datetime) -> str | None:
        return None if has_published(self._settings, since) else "Airflow starts the producer"

    def _first_date(self) -> date:
        dsn = self._settings.operations_dsn.get_secret_value()
        with outages(dsn), connect(dsn, application_name="chaos", autocommit=True) as connection:
            row = connection.execute(read_sql("chaos/select_first_date"), {"feed": self._settings.feed}).fetchone()
        today = datetime.now(UTC).date()
        return min(row[0] or today, today) if row else today

    def _trigger(self, name: str, conf: Mapping[str, object]) -> str:
        run_id = f"{name}__{uuid4().hex[:8]}"
        # Runs that are ended count as failed, and after some of them Airflow pauses the DAG.
        self._asked(lambda: self._airflow.unpause(PRODUCER_DAG))
        symbols = [listing.symbol for listing in listings()]
        self._asked(lambda: self._airflow.trigger(PRODUCER_DAG, {"symbols": symbols, **conf}, run_id=run_id))
        return run_id

    def _asked(self, question: Callable[[], T], *, timeout_s: float = _START_S) -> T:
        return ask(self._reporter, STEP, question, timeout_s=timeout_s)
