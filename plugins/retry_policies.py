"""When a failed task is tried again, and how soon. Evaluated in the task's own process."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryPolicy, RetryRule

from marketpulse.errors import OperatorError

PERSON_NEEDED = "a setting, a credential or the data needs a person; retrying cannot help"

FAIL_ON_OPERATOR_ERROR = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="marketpulse.errors.OperatorError",
            action=RetryAction.FAIL,
            reason=PERSON_NEEDED,
        )
    ]
)


class HealthyReset(RetryPolicy):
    """Backs off while attempts die young, and starts over after one that ran for `healthy` or longer.

    Airflow's own try number never resets, so a task that runs for weeks would otherwise wait the longest delay after
    every single fault. The length of the streak is kept in the task state store; without it each wait is `first`.
    An OperatorError is never tried again.
    """

    STREAK = "short_attempts_in_a_row"

    def __init__(
        self,
        *,
        first: timedelta = timedelta(seconds=1),
        longest: timedelta = timedelta(seconds=10),
        healthy: timedelta = timedelta(minutes=5),
    ) -> None:
        self.first = first
        self.longest = longest
        self.healthy = healthy

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        if isinstance(exception, OperatorError):
            return RetryDecision.fail(reason=PERSON_NEEDED)
        store = (context or {}).get("task_state_store")
        started_at = getattr((context or {}).get("ti"), "start_date", None)
        ran = datetime.now(UTC) - started_at if started_at is not None else timedelta(0)
        streak = 0 if ran >= self.healthy else self._read(store) + 1
        self._write(store, streak)
        delay = min(self.first * 2 ** min(max(streak - 1, 0), 16), self.longest)
        return RetryDecision.retry(
            delay=delay,
            reason=f"attempt {try_number} ran {ran.total_seconds():.0f} s; again in {delay.total_seconds():.0f} s",
        )

    def _read(self, store: Any) -> int:
        try:
            return int(store.get(self.STREAK) or 0)
        except Exception:  # the API server may be the very thing that is down
            return 0

    def _write(self, store: Any, streak: int) -> None:
        try:
            store.set(self.STREAK, streak)
        except Exception:  # losing the streak costs a shorter wait, nothing else
            return
