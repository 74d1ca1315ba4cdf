"""The producer's main loop: poll, flush, commit, wait; then sweep. And what it does while one of its parts is down.

Provider down: the endpoint rests behind its breaker, the others go on. Kafka down: nothing more is fetched until what
was published is acknowledged. Postgres down: nothing more is fetched once the lease is uncertain; polls wait for their
commit, and no cursor moves without its poll row.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from marketpulse.clock import Clock
from marketpulse.errors import MarketPulseError, RetriableError
from marketpulse.events.session import Session, SessionCalendar
from marketpulse.ingest.failures import FailureLog, is_optional, rest_s
from marketpulse.ingest.journal import Journal, Poll
from marketpulse.ingest.lease_keeper import LeaseKeeper, LeaseLapsedError
from marketpulse.ingest.patience import PostgresPatience
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.poll import Poller
from marketpulse.ingest.poll_result import PollResult, Task
from marketpulse.ingest.progress import ProgressReporter, Waiting
from marketpulse.ingest.publisher import Publisher
from marketpulse.ingest.retry import Breaker, BreakerPolicy
from marketpulse.ingest.session_run import HISTORY, SessionRun
from marketpulse.ingest.sessions_under_way import SessionsUnderWay
from marketpulse.ingest.shutdown import Pulse, StopRequestedError
from marketpulse.ingest.symbol_check import SymbolCheck
from marketpulse.providers.provider import Endpoint, Outcome

logger = logging.getLogger(__name__)

# Of the four seconds that a stop may take, for the broker's last acknowledgements. The rest is for Postgres.
_DRAIN_FLUSH_S = 2.0
_ENDPOINTS: tuple[Endpoint, ...] = (*HISTORY, "snapshots")


@dataclass(frozen=True, slots=True)
class _Done:
    """A poll whose events are published; the commit of its rows is owed.

    The rows are decided once: a commit that may have happened is repeated with the same ones.
    """

    run: SessionRun
    task: Task
    result: PollResult
    rows: tuple[Poll, ...]


class PollLoop:
    """Drives the parts; holds no position of its own beyond the sessions under way."""

    def __init__(
        self,
        *,
        plan: ProducerPlan,
        calendar: SessionCalendar,
        market: Clock,
        poller: Poller,
        publisher: Publisher,
        journal: Journal,
        keeper: LeaseKeeper,
        pulse: Pulse,
        progress: ProgressReporter,
        symbol_check: SymbolCheck,
        breaker_policy: BreakerPolicy | None = None,
    ) -> None:
        self._plan = plan
        self._market = market
        self._poller = poller
        self._publisher = publisher
        self._journal = journal
        self._pulse = pulse
        self._progress = progress
        self._symbol_check = symbol_check
        policy = breaker_policy or BreakerPolicy()
        self._breakers = {endpoint: Breaker(policy) for endpoint in _ENDPOINTS}
        self._patience = PostgresPatience(keeper, pulse)
        self._sessions = SessionsUnderWay(plan, calendar, journal, self._patience)
        self._failures = FailureLog(plan.provider, pulse.monotonic)
        self._disabled: set[Endpoint] = set()
        self._snapshot_due_s = 0.0
        self._owed: list[_Done] = []

    def run(self, started_at: datetime) -> str:
        """Works until the plan is fulfilled; returns the outcome for the run's row. Drains when asked to stop."""
        first = self._sessions.first(self._market.now())
        outcome = "failed"
        try:
            self._patience.until_done(lambda: self._journal.open_run(first.trading_date, started_at))
            self._check_symbols(first)
            self._sessions.open_first(first)
            while self._sessions.runs:
                try:
                    self._turn()
                except LeaseLapsedError as error:
                    self._regain(error)
            outcome = "completed"
        except StopRequestedError:
            outcome = "stopped"
            self._drain()
        except MarketPulseError as error:
            outcome = f"failed: {error}"
            raise
        finally:
            self._end_run(outcome)
        return outcome

    def _check_symbols(self, session: Session) -> None:
        if self._symbol_check.is_settled:
            return
        try:
            self._symbol_check.check(session, self._market.now())
        except LeaseLapsedError as error:
            logger.warning("%s; the symbols are checked later", error)

    def _turn(self) -> None:
        """One round: everything that is due is polled and published, then committed together; then a pause."""
        self._pulse.beat()
        market_at = self._market.now()
        self._sessions.follow(market_at)
        self._progress.update(market_at=market_at, session=self._sessions.newest.session.trading_date)
        tasks = [(run, task) for run in self._sessions.runs for task in self._tasks(run, market_at)]
        ready = [(run, task) for run, task in tasks if self._breaker(task).wait_s(self._pulse.monotonic()) == 0]
        for run, task in ready:
            result = self._poller.poll(task)
            self._owe(run, task, result)
            self._progress.count(events=0, repeated=0, rejected=0, polls=1)
            self._progress.update(outcome=result.poll.outcome)
        self._publisher.flush()
        self._progress.update(waiting=None)
        done = self._commit_owed()
        for one in done:
            self._learn(one)
        if any(one.result.is_complete for one in done):
            self._check_symbols(self._sessions.newest.session)
        self._sessions.leave_finished(market_at)
        if self._sessions.runs:
            self._rest(market_at, is_blocked=len(ready) < len(tasks), is_idle=not tasks, done=done)

    def _tasks(self, run: SessionRun, market_at: datetime) -> list[Task]:
        day = run.session.trading_date
        if run.is_read() and self._plan.until is None and market_at >= run.sweep_at:
            queries = [query for endpoint in run.endpoints() for query in run.sweeps(endpoint)]
            return [Task(query, "sweep", day, market_at, moves_cursor=False) for query in queries]
        queries = [query for endpoint in run.endpoints() for query in run.polls(endpoint, market_at)]
        tasks = [Task(query, "poll", day, market_at, moves_cursor=True) for query in queries]
        is_due = self._pulse.monotonic() >= self._snapshot_due_s and "snapshots" not in self._disabled
        if is_due and run.is_open(market_at) and run is self._sessions.newest:
            self._snapshot_due_s = self._pulse.monotonic() + self._plan.snapshot_interval_s
            tasks.append(Task(run.snapshot(), "poll", day, market_at, moves_cursor=False))
        return tasks

    def _breaker(self, task: Task) -> Breaker:
        return self._breakers[task.query.endpoint]

    def _rest(self, market_at: datetime, *, is_blocked: bool, is_idle: bool, done: list[_Done]) -> None:
        """Waits for the next round; not at all while there is more to read and it can be read."""
        has_failed = is_blocked or any(not one.result.is_complete for one in done)
        is_sweeping = any(one.task.purpose == "sweep" for one in done)
        if not has_failed and (is_sweeping or any(run.is_behind(market_at) for run in self._sessions.runs)):
            return
        waiting: Waiting | None = "provider" if has_failed else "market" if is_idle else None
        self._pulse.pause(self._plan.poll_interval_s, waiting)

    def _owe(self, run: SessionRun, task: Task, result: PollResult) -> None:
        rows = tuple(result.rows()) if self._failures.keeps(result) else ()
        self._owed.append(_Done(run, task, result, rows))

    def _commit_owed(self) -> list[_Done]:
        """Commits what was published, rows and cursors in one transaction, and moves the positions in memory."""
        owed = self._owed
        rows = [row for done in owed for row in done.rows]
        self._patience.until_done(lambda: self._journal.commit(rows))
        self._owed = []
        for done in owed:
            if done.result.is_complete and done.task.purpose == "sweep":
                done.run.swept(done.task.query)
            elif done.result.poll.moves_cursor:
                done.run.polled(done.task.query, done.result.poll.symbols)
        return owed

    def _learn(self, done: _Done) -> None:
        """What a poll says about the endpoint, the symbols and the key. Raises OperatorError when there is no point."""
        result, endpoint = done.result, done.task.query.endpoint
        if result.bad_symbols:
            logger.warning("%s does not accept %s: left out", self._plan.provider, ", ".join(result.bad_symbols))
            for run in self._sessions.runs:
                run.drop(result.bad_symbols)
        error = self._failures.final_error(result)
        if error is not None:
            raise error
        if result.failure is None:
            self._breaker(done.task).succeeded()
        elif result.failure.outcome is Outcome.NOT_ENTITLED and is_optional(endpoint):
            logger.warning("the API key's plan does not include %s: going on without", endpoint)
            self._disabled.add(endpoint)
            for run in self._sessions.runs:
                run.disable(endpoint)
        else:
            self._breaker(done.task).failed(self._pulse.monotonic(), rest_s(result.failure))

    def _regain(self, error: LeaseLapsedError) -> None:
        """Postgres was away for too long: makes the lease certain, commits what is owed, starts from the cursors."""
        logger.warning("%s; polling stops until it is", error)
        self._take_abandoned()
        self._publisher.flush()
        self._patience.retake()
        for done in self._commit_owed():
            self._learn(done)
        self._sessions.reload()

    def _drain(self) -> None:
        """The end on request: waits for the broker, then writes what is owed; never longer than a stop may take."""
        self._take_abandoned()
        if not self._publisher.flush_within(_DRAIN_FLUSH_S):
            logger.warning("stopped before the broker acknowledged everything: no position moves, it is read again")
            return
        try:
            self._journal.commit([row for done in self._owed for row in done.rows])
        except RetriableError as error:
            logger.warning("stopped before the last polls were written: %s", error)

    def _take_abandoned(self) -> None:
        abandoned = self._poller.abandoned()
        if abandoned is not None:
            task, result = abandoned
            self._owe(self._sessions.newest, task, result)

    def _end_run(self, outcome: str) -> None:
        try:
            self._journal.end_run(outcome)
        except MarketPulseError as error:
            logger.warning("the end of the run is not written: %s", error)
