"""One poll: a query answered page by page, each event published once, everything counted.

A poll moves nothing by itself. It becomes durable when the publisher has flushed and the journal has committed it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from marketpulse.errors import RecordError
from marketpulse.events.codec import encode
from marketpulse.events.event import AnyEvent, Quote, Trade
from marketpulse.ingest.dead_letters import DeadLetterOffice
from marketpulse.ingest.fetch import Failure, Fetched, Fetcher, FetchFailedError
from marketpulse.ingest.journal import Poll
from marketpulse.ingest.memory import EventMemory
from marketpulse.ingest.poll_result import Counted, Heard, PollResult, Tally, Task
from marketpulse.ingest.publisher import Publisher
from marketpulse.providers.provider import Outcome, Rejected

logger = logging.getLogger(__name__)

# The outcome of a poll that we broke off ourselves.
STOPPED = "stopped"


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
        self._tally: Tally | None = None
        # Endpoints whose last answer was unreadable: one sample body is kept, not one a second.
        self._unreadable: set[str] = set()

    def poll(self, task: Task) -> PollResult:
        """Answers the task's query as far as the provider lets it; symbols that poison the batch are dropped."""
        tally = self._tally = Tally(task, task.query.symbols)
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
            tally.hear(Heard(failure.request, failure.requested_at, failure.received_at, failure.http_status))
            if failure.outcome is Outcome.BAD_SYMBOL and failure.bad_symbol in tally.symbols:
                tally.bad_symbols.append(failure.bad_symbol)
                tally.symbols = tuple(symbol for symbol in tally.symbols if symbol != failure.bad_symbol)
                continue
            self._keep_sample(failure, tally)
            break
        self._tally = None
        outcome = failure.outcome if failure is not None else tally.success
        return PollResult(
            self._poll(tally, outcome, is_covered=failure is None),
            failure,
            tuple(tally.bad_symbols),
        )

    def abandoned(self) -> tuple[Task, PollResult] | None:
        """The poll that an exception broke off, to be committed without moving a cursor; None when there is none."""
        tally, self._tally = self._tally, None
        if tally is None or tally.heard is None:
            return None
        request = tally.heard.request
        failure = Failure(Outcome.TRANSIENT, STOPPED, request, tally.heard.requested_at, tally.heard.received_at)
        return tally.task, PollResult(self._poll(tally, STOPPED, is_covered=False), failure)

    def _take(self, fetched: Fetched, tally: Tally) -> None:
        response = fetched.response
        heard = Heard(fetched.request, response.requested_at, response.received_at, response.status)
        tally.hear(heard)
        tally.pages += 1
        tally.records += fetched.records
        before, accounted = tally.counted, tally.accounted
        try:
            # Counted one by one: when the wait for a full queue breaks off, what was published so far is known.
            for event in fetched.page.events:
                self._publish(event, heard, tally)
            for record in fetched.page.rejected:
                self._reject(record, heard, tally)
        except BaseException:
            untaken = len(fetched.page.events) + len(fetched.page.rejected) - (tally.accounted - accounted)
            tally.set_aside += untaken
            raise
        self._on_page(tally.counted.since(before))

    def _publish(self, event: AnyEvent, heard: Heard, tally: Tally) -> None:
        if _is_left_over(event, tally.task):
            tally.set_aside += 1
        elif self._memory.knows(event.event_id):
            tally.repeated += 1
        else:
            try:
                self._publisher.publish(event)
            except RecordError as error:
                self._reject(_unpublishable(event, error), heard, tally)
                return
            self._memory.add(event.event_id)
            tally.events += 1

    def _reject(self, record: Rejected, heard: Heard, tally: Tally) -> None:
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

    def _keep_sample(self, failure: Failure, tally: Tally) -> None:
        endpoint = tally.task.query.endpoint
        if failure.outcome is not Outcome.MALFORMED or not failure.body or endpoint in self._unreadable:
            return
        self._unreadable.add(endpoint)
        sample = Rejected("unreadable_answer", failure.message, failure.body.decode("utf-8", "replace"))
        heard = Heard(failure.request, failure.requested_at, failure.received_at, failure.http_status)
        rejected = tally.rejected
        # The whole answer is one record: nobody can count what it holds.
        tally.records += 1
        try:
            self._reject(sample, heard, tally)
        except BaseException:
            tally.set_aside += 1
            raise
        self._on_page(Counted(0, 0, tally.rejected - rejected))

    def _poll(self, tally: Tally, outcome: Outcome | str, *, is_covered: bool) -> Poll:
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
            records=tally.records,
            events=tally.events,
            repeated=tally.repeated,
            rejected=tally.rejected,
            set_aside=tally.set_aside,
            highest_seq=self._publisher.highest(),
            moves_cursor=task.moves_cursor and is_covered,
        )


def _is_left_over(event: AnyEvent, task: Task) -> bool:
    """Whether a snapshot repeats the last trade or quote of an earlier day, for want of one of today.

    It belongs to that day's polls, which read it among its neighbours; published alone it would pass for that day's
    whole volume and close. The poll sets it aside.
    """
    return (
        task.query.endpoint == "snapshots"
        and event.trading_date != task.trading_date
        and isinstance(event, Trade | Quote)
    )


def _unpublishable(event: AnyEvent, error: RecordError) -> Rejected:
    return Rejected(error.reason, error.detail, encode(event).decode(), event.symbol)
