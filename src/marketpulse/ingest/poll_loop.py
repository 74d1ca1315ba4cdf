"""The producer's main loop: poll, flush, commit, wait; then sweep. And what it does while one of its parts is down.

Provider down: the endpoint rests behind its breaker, the others go on. Kafka down: nothing more is fetched until what
was published is acknowledged. Postgres down: nothing more is fetched once the lease is uncertain; polls wait for their
commit, and no cursor moves without its poll row.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from marketpulse.clock import Clock
from marketpulse.errors import MarketPulseError, OperatorError, RetriableError
from marketpulse.events.session import Session, SessionCalendar
from marketpulse.ingest.failures import FailureLog, is_optional, rest_s
from marketpulse.ingest.journal import Journal, Poll
from marketpulse.ingest.lease_keeper import LeaseKeeper, LeaseLapsedError
from marketpulse.ingest.patience import PostgresPatience
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.poll import Poller, PollResult, Task
from marketpulse.ingest.progress import ProgressReporter, Waiting
from marketpulse.ingest.publisher import Publisher
from marketpulse.ingest.retry import Breaker, BreakerPolicy
from marketpulse.ingest.session_run import HISTORY, SessionRun
from marketpulse.ingest.shutdown import Pulse, StopRequestedError
from marketpulse.providers.provider import Endpoint, Outcome

logger = logging.getLogger(__name__)

# Of the four seconds that a stop may take, for the broker's last acknowledgements. The rest is for Postgres.
_DRAIN_FLUSH_S = 2.0
# In continuous mode a longer gap is left to explicit runs for its days.
_LONGEST_CATCH_UP = timedelta(days=3)
_ENDPOINTS: tuple[Endpoint, ...] = (*HISTORY, "snapshots")


@dataclass(frozen=True, slots=True)
class _Done:
    """A poll whose events are published; its commit is owed."""

    run: SessionRun
    task: Task
    result: PollResult


class PollLoop:
    """Drives the parts; holds no position of its own beyond the sessions under way."""

    def __init__(
        self,
        plan: ProducerPlan,
        sessions: SessionCalendar,
        market: Clock,
        poller: Poller,
        publisher: Publisher,
        journal: Journal,
        keeper: LeaseKeeper,
        pulse: Pulse,
        progress: ProgressReporter,
        *,
        breaker_policy: BreakerPolicy | None = None,
    ) -> None:
        self._plan = plan
        self._sessions = sessions
        self._market = market
        self._poller = poller
        self._publisher = publisher
        self._journal = journal
        self._pulse = pulse
        self._progress = progress
        policy = breaker_policy or BreakerPolicy()
        self._breakers = {endpoint: Breaker(policy) for endpoint in _ENDPOINTS}
        self._patience = PostgresPatience(keeper, pulse)
        self._failures = FailureLog(plan.provider, pulse.monotonic)
        self._disabled: set[Endpoint] = set()
        self._snapshot_due_s = 0.0
        self._seen_symbols: set[str] = set()
        self._runs: list[SessionRun] = []
        self._owed: list[_Done] = []

    def run(self, started_at: datetime) -> str:
        """Works until the plan is fulfilled; returns the outcome for the run's row. Drains when asked to stop."""
        first = self._first_session(self._market.now())
        outcome = "failed"
        try:
            self._patience.until_done(lambda: self._journal.open_run(first.trading_date, started_at))
            self._open_first(first)
            while self._runs:
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

    def _first_session(self, market_at: datetime) -> Session:
        wanted = self._plan.trading_date
        session = self._sessions.current_or_next(market_at) if wanted is None else self._sessions.session(wanted)
        if session is None:
            raise OperatorError(f"{wanted} is no trading day of {self._plan.calendar}: choose another --session")
        return session

    def _open_first(self, first: Session) -> None:
        if self._plan.is_continuous:
            # The run before this one may have ended between a session's close and its sweep.
            before = self._sessions.last_completed(first.pre_open_at)
            if self._patience.until_done(lambda: self._journal.lacks_sweep(before)):
                self._open(before)
        self._open(first)

    def _open(self, session: Session) -> None:
        self._patience.until_done(lambda: self._journal.open_session(session))
        run = SessionRun(self._plan, session)
        self._load(run)
        self._runs.append(run)
        logger.info("session %s of %s: %d symbols", session.trading_date, session.calendar, len(run.symbols))

    def _load(self, run: SessionRun) -> None:
        for endpoint in HISTORY:
            cursors = self._patience.until_done(
                lambda endpoint=endpoint: self._journal.cursors(endpoint, run.session.trading_date, run.symbols)  # type: ignore[misc]
            )
            run.load(endpoint, cursors)

    def _turn(self) -> None:
        """One round: everything that is due is polled and published, then committed together; then a pause."""
        self._pulse.beat()
        market_at = self._market.now()
        self._follow(market_at)
        self._progress.update(market_at=market_at, session=self._runs[-1].session.trading_date)
        tasks = [(run, task) for run in self._runs for task in self._tasks(run, market_at)]
        ready = [(run, task) for run, task in tasks if self._breaker(task).wait_s(self._pulse.monotonic()) == 0]
        for run, task in ready:
            result = self._poller.poll(task)
            self._owed.append(_Done(run, task, result))
            self._progress.count(events=0, repeated=0, rejected=0, polls=1)
            self._progress.update(outcome=result.poll.outcome)
        self._publisher.flush()
        self._progress.update(waiting=None)
        done = self._commit_owed()
        for one in done:
            self._learn(one)
        self._runs = [run for run in self._runs if not self._is_finished(run, market_at)]
        if self._runs:
            self._rest(market_at, is_blocked=len(ready) < len(tasks), is_idle=not tasks, done=done)

    def _tasks(self, run: SessionRun, market_at: datetime) -> list[Task]:
        day = run.session.trading_date
        if run.is_read() and self._plan.until is None and market_at >= run.sweep_at:
            queries = [query for endpoint in run.endpoints() for query in run.sweeps(endpoint)]
            return [Task(query, "sweep", day, market_at, moves_cursor=False) for query in queries]
        queries = [query for endpoint in run.endpoints() for query in run.polls(endpoint, market_at)]
        tasks = [Task(query, "poll", day, market_at, moves_cursor=True) for query in queries]
        is_due = self._pulse.monotonic() >= self._snapshot_due_s and "snapshots" not in self._disabled
        if is_due and run.is_open(market_at) and run is self._runs[-1]:
            self._snapshot_due_s = self._pulse.monotonic() + self._plan.snapshot_interval_s
            tasks.append(Task(run.snapshot(), "poll", day, market_at, moves_cursor=False))
        return tasks

    def _breaker(self, task: Task) -> Breaker:
        return self._breakers[task.query.endpoint]

    def _rest(self, market_at: datetime, *, is_blocked: bool, is_idle: bool, done: list[_Done]) -> None:
        """Waits for the next round; not at all while there is more to read and it can be read."""
        has_failed = is_blocked or any(not one.result.is_complete for one in done)
        is_sweeping = any(one.task.purpose == "sweep" for one in done)
        if not has_failed and (is_sweeping or any(run.is_behind(market_at) for run in self._runs)):
            return
        waiting: Waiting | None = "provider" if has_failed else "market" if is_idle else None
        self._pulse.pause(self._plan.poll_interval_s, waiting)

    def _commit_owed(self) -> list[_Done]:
        """Commits what was published, rows and cursors in one transaction, and moves the positions in memory."""
        owed = self._owed
        rows = [poll for done in owed if self._failures.keeps(done.result) for poll in _rows(done)]
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
        self._seen_symbols |= result.seen_symbols
        if result.bad_symbols:
            logger.warning("%s does not accept %s: left out", self._plan.provider, ", ".join(result.bad_symbols))
            for run in self._runs:
                run.drop(result.bad_symbols)
        error = self._failures.final_error(result)
        if error is not None:
            raise error
        if result.failure is None:
            self._breaker(done.task).succeeded()
            self._doubt_silent_symbols(done)
        elif result.failure.outcome is Outcome.NOT_ENTITLED and is_optional(endpoint):
            logger.warning("the API key's plan does not include %s: going on without", endpoint)
            self._disabled.add(endpoint)
            for run in self._runs:
                run.disable(endpoint)
        else:
            self._breaker(done.task).failed(self._pulse.monotonic(), rest_s(result.failure))

    def _doubt_silent_symbols(self, done: _Done) -> None:
        """After the open a provider shows something of every symbol that it knows."""
        if done.task.query.endpoint != "snapshots" or done.task.market_at < done.run.session.open_at:
            return
        if not self._seen_symbols.intersection(done.run.symbols):
            names = ", ".join(done.run.symbols)
            raise OperatorError(f"{self._plan.provider} shows nothing of {names}: correct MARKETPULSE_SYMBOLS")

    def _is_finished(self, run: SessionRun, market_at: datetime) -> bool:
        if not run.is_read():
            return False
        if self._plan.until is not None:
            return True
        return market_at >= run.sweep_at and run.is_swept()

    def _follow(self, market_at: datetime) -> None:
        """In continuous mode: opens the next session when this one is read, an earlier one when the clock went back."""
        if not self._plan.is_continuous:
            return
        current, now = self._runs[-1], self._sessions.current_or_next(market_at)
        if now.trading_date < current.session.trading_date:
            if market_at < now.post_close_at - self._plan.overlap:
                logger.warning("the market clock went back to %s", market_at.isoformat())
                self._runs = []
                self._open(now)
        elif current.is_read():
            following = self._sessions.current_or_next(current.session.post_close_at)
            if market_at - following.post_close_at > _LONGEST_CATCH_UP:
                logger.warning("leaving out the sessions from %s to %s", following.trading_date, now.trading_date)
                following = now
            self._open(following)

    def _regain(self, error: LeaseLapsedError) -> None:
        """Postgres was away for too long: makes the lease certain, commits what is owed, starts from the cursors."""
        logger.warning("%s; polling stops until it is", error)
        self._take_abandoned()
        self._publisher.flush()
        self._patience.retake()
        for done in self._commit_owed():
            self._learn(done)
        for run in self._runs:
            self._load(run)

    def _drain(self) -> None:
        """The end on request: waits for the broker, then writes what is owed; never longer than a stop may take."""
        self._take_abandoned()
        if not self._publisher.flush_within(_DRAIN_FLUSH_S):
            logger.warning("stopped before the broker acknowledged everything: no position moves, it is read again")
            return
        try:
            self._journal.commit([poll for done in self._owed for poll in _rows(done)])
        except RetriableError as error:
            logger.warning("stopped before the last polls were written: %s", error)

    def _take_abandoned(self) -> None:
        abandoned = self._poller.abandoned()
        if abandoned is not None:
            task, result = abandoned
            self._owed.append(_Done(self._runs[-1], task, result))

    def _end_run(self, outcome: str) -> None:
        try:
            self._journal.end_run(outcome)
        except MarketPulseError as error:
            logger.warning("the end of the run is not written: %s", error)


def _rows(done: _Done) -> list[Poll]:
    """The poll's row, and one for the symbols that the provider refused in it."""
    poll, refused = done.result.poll, done.result.bad_symbols
    if not refused or not done.result.is_complete:
        return [poll]
    note = replace(
        poll,
        symbols=refused,
        outcome=str(Outcome.BAD_SYMBOL),
        covered_from=None,
        covered_until=None,
        http_status=None,
        pages=0,
        events=0,
        repeated=0,
        rejected=0,
        moves_cursor=False,
    )
    return [poll, note]
