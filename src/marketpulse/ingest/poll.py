"""One poll: a query answered page by page, each event published once, everything counted.

A poll moves nothing by itself. It becomes durable when the publisher has flushed and the journal has committed it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from marketpulse.errors import RecordError
from marketpulse.events.codec import encode
from marketpulse.events.event import AnyEvent, Quote, Trade
from marketpulse.ingest.dead_letters import DeadLetterOffice
from marketpulse.ingest.fetch import Failure, Fetched, Fetcher, FetchFailedError
from marketpulse.ingest.journal import Poll, Purpose
from marketpulse.ingest.memory import EventMemory
from marketpulse.ingest.publisher import Publisher
from marketpulse.providers.provider import Outcome, Query, Rejected, Request

logger = logging.getLogger(__name__)

# The outcome of a poll that we broke off ourselves.
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Counted:
    """What one answer added."""

    events: int
    repeated: int
    rejected: int


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
    seen_symbols: frozenset[str] = frozenset()

    @property
    def is_complete(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class _Heard:
    """The first request of a poll, and the end of its last answer."""

    request: Request
    requested_at: datetime
    received_at: datetime
    http_status: int | None


@dataclass(slots=True)
class _Tally:
    """A poll under way."""

    task: Task
    symbols: tuple[str, ...]
    heard: _Heard | None = None
    pages: int = 0
    events: int = 0
    repeated: int = 0
    rejected: int = 0
    bad_symbols: list[str] = field(default_factory=list)
    seen_symbols: set[str] = field(default_factory=set)

    def hear(self, heard: _Heard) -> None:
        if self.heard is None:
            self.heard = heard
            return
        status = heard.http_status if heard.http_status is not None else self.heard.http_status
        self.heard = replace(self.heard, received_at=heard.received_at, http_status=status)


class Poller:
    """Runs polls, one at a time. `on_page` is told what each page added, `between_pages` may raise to abandon."""

    def __init__(
        self,
        fetcher: Fetcher,
        publisher: Publisher,
        office: DeadLetterOffice,
        memory: EventMemory,
        *,
        on_page: Callable[[Counted], None] = lambda counted: None,
        between_pages: Callable[[], None] = lambda: None,
    ) -> None:
        self._fetcher = fetcher
        self._publisher = publisher
        self._office = office
        self._memory = memory
        self._on_page = on_page
        self._between_pages = between_pages
        self._tally: _Tally | None = None
        # Endpoints whose last answer was unreadable: one sample body is kept, not one a second.
        self._unreadable: set[str] = set()

    def poll(self, task: Task) -> PollResult:
        """Answers the task's query as far as the provider lets it; symbols that poison the batch are dropped."""
        tally = self._tally = _Tally(task, task.query.symbols)
        failure: Failure | None = None
        while tally.symbols:
            try:
                for fetched in self._fetcher.pages(replace(task.query, symbols=tally.symbols)):
                    self._take(fetched, tally)
                    self._between_pages()
                failure = None
                self._unreadable.discard(task.query.endpoint)
                break
            except FetchFailedError as error:
                failure = error.failure
            tally.hear(_Heard(failure.request, failure.requested_at, failure.received_at, failure.http_status))
            if failure.outcome is Outcome.BAD_SYMBOL and failure.bad_symbol in tally.symbols:
                tally.bad_symbols.append(failure.bad_symbol)
                tally.symbols = tuple(symbol for symbol in tally.symbols if symbol != failure.bad_symbol)
                continue
            self._keep_sample(failure, tally)
            break
        self._tally = None
        outcome = failure.outcome if failure is not None else self._success(tally)
        return PollResult(
            self._poll(tally, outcome, is_covered=failure is None),
            failure,
            tuple(tally.bad_symbols),
            frozenset(tally.seen_symbols),
        )

    def abandoned(self) -> tuple[Task, PollResult] | None:
        """The poll that an exception broke off, to be committed without moving a cursor; None when there is none."""
        tally, self._tally = self._tally, None
        if tally is None or tally.heard is None:
            return None
        request = tally.heard.request
        failure = Failure(Outcome.TRANSIENT, STOPPED, request, tally.heard.requested_at, tally.heard.received_at)
        return tally.task, PollResult(self._poll(tally, STOPPED, is_covered=False), failure)

    def _take(self, fetched: Fetched, tally: _Tally) -> None:
        response = fetched.response
        heard = _Heard(fetched.request, response.requested_at, response.received_at, response.status)
        tally.hear(heard)
        tally.pages += 1
        before = Counted(tally.events, tally.repeated, tally.rejected)
        memory, publish = self._memory, self._publisher.publish
        # Counted one by one: when the wait for a full queue breaks off, what was published so far is known.
        for event in fetched.page.events:
            if _is_left_over(event, tally.task):
                continue
            if memory.knows(event.event_id):
                tally.repeated += 1
                continue
            try:
                publish(event)
            except RecordError as error:
                self._reject(_unpublishable(event, error), heard, tally)
                continue
            memory.add(event.event_id)
            tally.events += 1
        tally.seen_symbols.update({event.symbol for event in fetched.page.events})
        for record in fetched.page.rejected:
            self._reject(record, heard, tally)
        self._on_page(
            Counted(tally.events - before.events, tally.repeated - before.repeated, tally.rejected - before.rejected)
        )

    def _reject(self, record: Rejected, heard: _Heard, tally: _Tally) -> None:
        letter = self._office.letter(
            record, heard.request, requested_at=heard.requested_at, received_at=heard.received_at
        )
        if self._memory.knows(letter.dead_letter_id):
            tally.repeated += 1
            return
        logger.warning("%s: a record is unusable (%s: %s)", letter.endpoint, letter.reason, letter.detail)
        self._publisher.publish_dead_letter(letter)
        self._memory.add(letter.dead_letter_id)
        tally.rejected += 1

    def _keep_sample(self, failure: Failure, tally: _Tally) -> None:
        endpoint = tally.task.query.endpoint
        if failure.outcome is not Outcome.MALFORMED or not failure.body or endpoint in self._unreadable:
            return
        self._unreadable.add(endpoint)
        sample = Rejected("unreadable_answer", failure.message, failure.body.decode("utf-8", "replace"))
        heard = _Heard(failure.request, failure.requested_at, failure.received_at, failure.http_status)
        rejected = tally.rejected
        self._reject(sample, heard, tally)
        self._on_page(Counted(0, 0, tally.rejected - rejected))

    def _success(self, tally: _Tally) -> Outcome:
        return Outcome.OK if tally.events or tally.repeated or tally.rejected else Outcome.EMPTY

    def _poll(self, tally: _Tally, outcome: Outcome | str, *, is_covered: bool) -> Poll:
        task, query = tally.task, tally.task.query
        heard = tally.heard
        if heard is None:
            raise AssertionError("a poll without a request has nothing to record")
        is_covered = is_covered and bool(tally.symbols)
        return Poll(
            endpoint=query.endpoint,
            purpose=task.purpose,
            trading_date=task.trading_date,
            symbols=tally.symbols or query.symbols,
            request=self._office.clean(heard.request.text()),
            covered_from=query.start if is_covered else None,
            covered_until=query.end if is_covered else None,
            requested_at=heard.requested_at,
            received_at=heard.received_at,
            market_at=task.market_at,
            outcome=str(outcome),
            http_status=heard.http_status,
            pages=tally.pages,
            events=tally.events,
            repeated=tally.repeated,
            rejected=tally.rejected,
            highest_seq=self._publisher.highest(),
            moves_cursor=task.moves_cursor and is_covered,
        )


def _is_left_over(event: AnyEvent, task: Task) -> bool:
    """Whether a snapshot repeats the last trade or quote of an earlier day, for want of one of today.

    It belongs to that day's polls, which read it among its neighbours; published alone it would pass for that day's
    whole volume and close. It is no record of this poll.
    """
    return (
        task.query.endpoint == "snapshots"
        and event.trading_date != task.trading_date
        and isinstance(event, Trade | Quote)
    )


def _unpublishable(event: AnyEvent, error: RecordError) -> Rejected:
    return Rejected(error.reason, error.detail, encode(event).decode(), event.symbol)
