"""The task that keeps one producer process alive for a trading session.

Airflow's supervisor heartbeats for a hung task, so the child is watched by its own progress lines. Promises:
- The task ends in success only when the child said that the session is complete (exit 0).
- A stop by signal ends in an exception: Airflow would record a quiet return after SIGTERM as success.
- A fault restarts the child in place, with backoff; a configuration error or a held lease fails the task at once.
"""

import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from connection_settings import child_environment, connection_settings
from marketpulse.errors import LeaseHeldError, OperatorError
from marketpulse.events.session import ROUND_THE_CLOCK, calendar
from marketpulse.ingest.producer_supervision import ProducerSupervisor, StoppedError, SupervisionPolicy
from marketpulse.ingest.progress import Progress

logger = logging.getLogger(__name__)

SUMMARY_PERIOD_S = 30.0
STATE_PERIOD_S = 15.0
# After a refused write the API server is given this long before the next one.
STATE_PAUSE_S = 60.0


class SupervisedProducerOperator(BaseOperator):
    """Runs `marketpulse produce` for the session that the run's Params, or else its data interval, name.

    `command` and `policy` are there for tests; the child's environment is built while the task runs and never rendered.
    """

    def __init__(
        self, *, command: list[str] | None = None, policy: SupervisionPolicy | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.policy = policy or SupervisionPolicy()
        self._supervisor: ProducerSupervisor | None = None
        self._is_killed = False

    def execute(self, context: Any) -> None:
        settings = connection_settings()
        environment = child_environment(
            MARKETPULSE_KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
            MARKETPULSE_OPERATIONS_DSN=settings.operations_dsn.get_secret_value(),
        )
        command = self.command or [str(Path(sys.executable).with_name("marketpulse")), "produce"]
        journal = ProgressJournal(context.get("task_state_store"))
        argv = [*command, *producer_options(context)]
        logger.info("starting %s", " ".join(argv))
        try:
            self._supervise(argv, environment, journal)
        except LeaseHeldError as error:
            if context["ti"].try_number == 1:
                raise AirflowFailException(str(error)) from None
            # The child of an earlier attempt may still be ending; its lease lives on for a moment.
            self._wait(2 * settings.lease_ttl_s)
            self._supervise(argv, environment, journal)
        journal.close()

    def on_kill(self) -> None:
        """Runs inside a signal handler: sets flags only. The loop in `execute` drains the child in under 5 s."""
        self._is_killed = True
        if self._supervisor is not None:
            self._supervisor.request_stop()

    def _supervise(self, argv: list[str], environment: Mapping[str, str], journal: "ProgressJournal") -> None:
        self._supervisor = ProducerSupervisor(
            argv, environment=environment, policy=self.policy, on_progress=journal.note, on_log=logger.info
        )
        if self._is_killed:
            self._supervisor.request_stop()
        try:
            self._supervisor.run()
        except StoppedError as error:
            raise AirflowException(str(error)) from None
        except LeaseHeldError:
            raise
        except OperatorError as error:
            raise AirflowFailException(f"the producer cannot work until this is corrected: {error}") from None

    def _wait(self, seconds: float) -> None:
        logger.warning("another producer holds the lease; looking again in %.0f s", seconds)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not self._is_killed:
            time.sleep(0.2)


def producer_options(context: Any) -> list[str]:
    """The options of `marketpulse produce` for a run: its Params, and the session that a scheduled run stands for."""
    params = context["params"]
    session_date = params.get("session_date") or _scheduled_session(context, params["calendar"])
    options = {
        "--provider": params["provider"],
        "--symbols": ",".join(params.get("symbols") or ()),
        "--feed": params["feed"],
        "--calendar": params["calendar"],
        "--session": session_date,
        "--until": params.get("until"),
        "--poll-interval": params.get("poll_interval"),
    }
    chosen = [text for name, value in options.items() if value for text in (name, str(value))]
    # A market without a close has no session to wait for.
    is_endless = params["calendar"] == ROUND_THE_CLOCK and not session_date and not params.get("until")
    return [*chosen, "--continuous"] if is_endless else chosen


def _scheduled_session(context: Any, name: str) -> str | None:
    starts = context.get("data_interval_start")
    if starts is None or name == ROUND_THE_CLOCK or context["dag_run"].run_type != "scheduled":
        return None
    return calendar(name).current_or_next(starts).trading_date.isoformat()


class ProgressJournal:
    """Where progress goes: a summary in the log now and then, the newest state in the task state store.

    The store is a convenience: its errors (API server away, task cleared) never reach the task.
    """

    def __init__(self, store: Any, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._newest: Progress | None = None
        self._summary_at_s = monotonic()
        self._state_at_s = monotonic()

    def note(self, progress: Progress) -> None:
        """Called for every progress line."""
        now_s = self._monotonic()
        self._newest = progress
        if progress.kind != "progress" or now_s >= self._summary_at_s:
            self._summary_at_s = now_s + SUMMARY_PERIOD_S
            logger.info(summary(progress))
        if now_s >= self._state_at_s:
            self._state_at_s = now_s + (STATE_PERIOD_S if self._keep(progress) else STATE_PAUSE_S)

    def close(self) -> None:
        """Keeps the last state."""
        if self._newest is not None:
            self._keep(self._newest)

    def _keep(self, progress: Progress) -> bool:
        if self._store is None:
            return True
        try:
            state = {"at": progress.at.isoformat(), "summary": summary(progress), "producer_id": progress.producer_id}
            self._store.set("progress", state, retention=timedelta(days=2))
        except Exception as error:
            logger.warning("progress is not in the task state store: %s", type(error).__name__)
            return False
        return True


def summary(progress: Progress) -> str:
    """One line for people."""
    market = f"{progress.market_at:%Y-%m-%d %H:%M:%SZ}" if progress.market_at is not None else "unknown"
    waiting = f", waiting for the {progress.waiting}" if progress.waiting else ""
    return (
        f"{progress.kind}: session {progress.session or 'none yet'}, market time {market}, {progress.polls} polls, "
        f"{progress.events} events, {progress.repeated} repeated, {progress.rejected} rejected"
        f"{', ' + progress.outcome if progress.outcome else ''}{waiting}"
    )
