"""What a failed poll leads to: a row or not, a line in the log or not, the end of the run or another try."""

import logging
from collections.abc import Callable

from marketpulse.errors import OperatorError
from marketpulse.ingest.fetch import Failure
from marketpulse.ingest.poll_result import PollResult
from marketpulse.providers.provider import Endpoint, Outcome

logger = logging.getLogger(__name__)

# A long outage is one row a minute and endpoint, not one a second; what it leaves uncovered shows by itself.
_SAME_FAILURE_S = 60.0
# A quota without a stated reset is asked about four times an hour.
_QUOTA_WAIT_S = 900.0
_BAD_REQUESTS = 3


class FailureLog:
    """Remembers the state of each endpoint, so that a lasting failure is said once and recorded once a minute."""

    def __init__(self, provider: str, monotonic: Callable[[], float]) -> None:
        self._provider = provider
        self._monotonic = monotonic
        self._outcomes: dict[str, str] = {}
        self._recorded_s: dict[str, float] = {}
        self._bad_requests = 0

    def keeps(self, result: PollResult) -> bool:
        """Whether the poll gets a row: every success, every poll that published, a failure's first and then some."""
        poll, now_s = result.poll, self._monotonic()
        is_repeat = (
            result.failure is not None
            and poll.records == 0
            and self._outcomes.get(poll.endpoint) == poll.outcome
            and now_s - self._recorded_s.get(poll.endpoint, 0.0) < _SAME_FAILURE_S
        )
        self._report(result)
        if is_repeat:
            return False
        self._outcomes[poll.endpoint] = poll.outcome
        self._recorded_s[poll.endpoint] = now_s
        return True

    def final_error(self, result: PollResult) -> OperatorError | None:
        """The error that ends the run when trying again cannot help; None when it can, or nothing failed."""
        failure, endpoint = result.failure, result.poll.endpoint
        if failure is None:
            self._bad_requests = 0
            return None
        said = f" ({failure.message})" if failure.message else ""
        if failure.outcome is Outcome.AUTH:
            return OperatorError(f"{self._provider} refuses the API key{said}: correct API_KEY and API_SECRET in .env")
        if failure.outcome is Outcome.NOT_ENTITLED and endpoint == "trades":
            return OperatorError(
                f"the API key's plan does not include these trades{said}: choose another MARKETPULSE_FEED"
            )
        if failure.outcome is Outcome.BAD_SYMBOL:
            return OperatorError(f"{self._provider} knows none of the symbols{said}: correct MARKETPULSE_SYMBOLS")
        if failure.outcome is Outcome.BAD_REQUEST:
            self._bad_requests += 1
            if self._bad_requests >= _BAD_REQUESTS:
                return OperatorError(f"{self._provider} refuses the request{said}: check feed, symbols and address")
        return None

    def _report(self, result: PollResult) -> None:
        endpoint, before = result.poll.endpoint, self._outcomes.get(result.poll.endpoint, Outcome.OK)
        failure = result.failure
        if failure is not None and before != failure.outcome:
            logger.warning("%s %s: %s (%s); trying again", self._provider, endpoint, failure.outcome, failure.message)
        elif failure is None and before not in (Outcome.OK, Outcome.EMPTY):
            logger.info("%s %s: answers again", self._provider, endpoint)


def rest_s(failure: Failure) -> float | None:
    """How long the provider asks us to leave the endpoint alone; None when it does not say."""
    if failure.outcome is Outcome.QUOTA_EXHAUSTED:
        return failure.retry_after_s or _QUOTA_WAIT_S
    return failure.retry_after_s


def is_optional(endpoint: Endpoint) -> bool:
    """Whether the run is worth going on with when the key's plan lacks this endpoint."""
    return endpoint != "trades"
