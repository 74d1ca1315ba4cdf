"""Asking a provider: batches and pages of one query, within its limits, retried where that can help.

The one retry layer of the pipeline. It decides by the adapter's classification and never by the status of an answer.
"""

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from marketpulse.errors import RecordError, RetriableError
from marketpulse.events.session import SessionCalendar
from marketpulse.ingest.budget import Budget
from marketpulse.ingest.http import Transport, TransportError
from marketpulse.ingest.redaction import Redactor
from marketpulse.ingest.retry import RetryPolicy
from marketpulse.providers.provider import Outcome, Page, Provider, Query, Request, Response

logger = logging.getLogger(__name__)

_SUCCESS = (Outcome.OK, Outcome.EMPTY)
# A second attempt may help once; more of them would only add load.
_ONE_RETRY = (Outcome.THROTTLED_SHORT, Outcome.MALFORMED)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer and what it holds; `records` is the adapter's count of the wire, made apart from the page."""

    request: Request
    response: Response
    page: Page
    records: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a query was not answered. `message` holds no key; `body` is the wire text of an unreadable answer."""

    outcome: Outcome
    message: str
    request: Request
    requested_at: datetime
    received_at: datetime
    http_status: int | None = None
    retry_after_s: float | None = None
    bad_symbol: str | None = None
    body: bytes = b""


class FetchFailedError(RetriableError):
    """A query could not be answered completely; the pages before the failure were."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.outcome}: {failure.message}")
        self.failure = failure


class Fetcher:
    """Turns queries into pages. `pause` waits, and may raise to give up."""

    def __init__(
        self,
        provider: Provider,
        transport: Transport,
        calendar: SessionCalendar,
        *,
        synthetic: bool,
        redact: Redactor,
        pause: Callable[[float], None],
        budget: Budget | None = None,
        policy: RetryPolicy | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._provider = provider
        self._transport = transport
        self._calendar = calendar
        self._synthetic = synthetic
        self._redact = redact
        self._pause = pause
        self._budget = budget or Budget(provider.limits())
        self._policy = policy or RetryPolicy()
        self._jitter = jitter

    def pages(self, query: Query) -> Iterator[Fetched]:
        """Every page of every batch, in order. Raises FetchFailedError when one stays unanswered."""
        for first in self._provider.plan(query):
            batch = replace(query, symbols=first.symbols or query.symbols)
            request, seen = first, set[str]()
            while True:
                fetched = self._ask(request, batch)
                yield fetched
                token = fetched.page.next_page_token
                if token is None:
                    break
                if token in seen:
                    raise FetchFailedError(_failure(Outcome.MALFORMED, "a page token came twice", fetched))
                seen.add(token)
                (request,) = self._provider.plan(batch, token)

    def _ask(self, request: Request, query: Query) -> Fetched:
        for attempt in range(self._policy.attempts):
            while (wait_s := self._budget.wait_s()) > 0:
                self._pause(wait_s)
            self._budget.take()
            answer = self._attempt(request, query)
            if isinstance(answer, Fetched):
                return answer
            logger.debug("%s: %s (%s)", request.endpoint, answer.outcome, answer.message)
            retry_in_s = self._retry_in_s(answer, attempt)
            if retry_in_s is None:
                raise FetchFailedError(answer)
            self._pause(retry_in_s)
        raise AssertionError("the last attempt either returns or raises")

    def _attempt(self, request: Request, query: Query) -> Fetched | Failure:
        requested_at = datetime.now(UTC)
        try:
            response = self._transport.get(request)
        except TransportError as error:
            message = self._redact(str(error))
            return Failure(error.outcome, message, request, requested_at, datetime.now(UTC))
        classified = self._provider.classify(response)
        if classified.stated_limit is not None:
            self._budget.learn(classified.stated_limit)
        outcome, message, body = classified.outcome, classified.message, b""
        if outcome in _SUCCESS:
            try:
                page = self._provider.normalize(response, query, self._calendar, synthetic=self._synthetic)
                return Fetched(request, response, page, self._provider.count(response, query))
            except RecordError as error:
                outcome, message = Outcome.MALFORMED, str(error)
        if outcome is Outcome.MALFORMED:
            body = response.body
        return Failure(
            outcome,
            self._redact(message),
            request,
            response.requested_at,
            response.received_at,
            http_status=response.status,
            retry_after_s=classified.retry_after_s,
            bad_symbol=classified.bad_symbol,
            body=body,
        )

    def _retry_in_s(self, failure: Failure, attempt: int) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        retries = 0
        if failure.outcome is Outcome.TRANSIENT:
            retries = self._policy.attempts - 1
        elif failure.outcome in _ONE_RETRY:
            retries = 1
        if attempt >= min(retries, self._policy.attempts - 1):
            return None
        backoff_s = self._jitter() * self._policy.ceiling_s(attempt)
        wait_s = max(backoff_s, failure.retry_after_s or 0.0)
        return wait_s if wait_s <= self._policy.patience_s else None


def _failure(outcome: Outcome, message: str, fetched: Fetched) -> Failure:
    response = fetched.response
    return Failure(
        outcome, message, fetched.request, response.requested_at, response.received_at, http_status=response.status
    )
