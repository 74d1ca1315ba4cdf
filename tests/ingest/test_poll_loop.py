"""The loop's commits when Postgres fails in the middle of one: the same rows again, and no others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from marketpulse.errors import RetriableError
from marketpulse.events.session import Session, SessionCalendar
from marketpulse.ingest.fetch import Failure
from marketpulse.ingest.journal import Poll
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.poll_loop import PollLoop
from marketpulse.ingest.poll_result import PollResult, Task
from marketpulse.ingest.shutdown import StopRequestedError
from marketpulse.providers.provider import Outcome, Request

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SESSION = Session("XNYS", date(2026, 11, 20), OPEN, OPEN, OPEN + timedelta(hours=6), OPEN + timedelta(hours=6))


@dataclass
class Market:
    at: datetime = OPEN

    def now(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


class Calendar:
    def current_or_next(self, market_at: datetime) -> Session:
        return SESSION


@dataclass
class Poller:
    """Trades fail, everything else is answered."""

    polls: int = 0

    def poll(self, task: Task) -> PollResult:
        self.polls += 1
        now = OPEN + timedelta(seconds=self.polls)
        fails = task.query.endpoint == "trades"
        poll = Poll(
            endpoint=task.query.endpoint,
            purpose=task.purpose,
            trading_date=task.trading_date,
            symbols=task.query.symbols,
            request="/",
            covered_from=None if fails else task.query.start,
            covered_until=None if fails else task.query.end,
            requested_at=now,
            received_at=now,
            market_at=task.market_at,
            outcome="transient" if fails else "ok",
            http_status=None,
            pages=0,
            records=0,
            events=0,
            repeated=0,
            rejected=0,
            moves_cursor=task.moves_cursor and not fails,
        )
        failure = Failure(Outcome.TRANSIENT, "down", Request("trades", "/", ()), now, now)
        return PollResult(poll, failure if fails else None)

    def abandoned(self) -> None:
        return None


@dataclass
class Journal:
    """Takes the first commit; nobody knows about the second one."""

    commits: list[list[Poll]] = field(default_factory=list)

    def commit(self, polls: Sequence[Poll]) -> None:
        self.commits.append(list(polls))
        if len(self.commits) == 2:
            raise RetriableError("Postgres went away")

    def cursors(self, *_: object) -> dict[str, datetime]:
        return {}

    def open_run(self, *_: object) -> None: ...
    def open_session(self, *_: object) -> None: ...
    def end_run(self, *_: object) -> None: ...


class Pulse:
    """Stops the run while it waits for Postgres."""

    def monotonic(self) -> float:
        return 1000.0

    def beat(self) -> None: ...

    def pause(self, seconds: float, waiting: str | None = None, *, guarded: bool = True) -> None:
        if waiting == "postgres":
            raise StopRequestedError


class Anything:
    """A part that this test does not look at."""

    is_settled = True

    def flush_within(self, seconds: float) -> bool:
        return True

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def test_drain_after_an_uncertain_commit_repeats_its_rows_and_no_others() -> None:
    journal = Journal()
    parts: dict[str, Any] = {
        "calendar": cast("SessionCalendar", Calendar()),
        "market": Market(),
        "poller": Poller(),
        "publisher": Anything(),
        "journal": journal,
        "keeper": Anything(),
        "pulse": Pulse(),
        "progress": Anything(),
        "symbol_check": Anything(),
    }
    plan = ProducerPlan("alpaca", "sip", ("AAPL",), "XNYS", snapshot_interval_s=0)
    assert PollLoop(plan=plan, **parts).run(OPEN) == "stopped"
    first, uncertain, drained = journal.commits
    assert {poll.endpoint for poll in first} == {"trades", "bars", "snapshots"}
    # The outage of the trades is on record since the first commit, and not yet due again.
    assert {poll.endpoint for poll in uncertain} == {"bars", "snapshots"}
    assert drained == uncertain
