from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow.sdk import RetryAction

from marketpulse.errors import LeaseHeldError, OperatorError, RetriableError
from retry_policies import FAIL_ON_OPERATOR_ERROR, HealthyReset


class Store:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


def delay(policy: HealthyReset, store: Any, *, ran: timedelta) -> float:
    context = {"task_state_store": store, "ti": SimpleNamespace(start_date=datetime.now(UTC) - ran)}
    decision = policy.evaluate(RetriableError("away"), 3, 1000, context)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    return float(decision.retry_delay.total_seconds())


def test_short_attempts_wait_longer_each_time_up_to_ten_seconds() -> None:
    store = Store()
    waits = [delay(HealthyReset(), store, ran=timedelta(seconds=3)) for _ in range(6)]
    assert waits == [1, 2, 4, 8, 10, 10]


def test_five_healthy_minutes_start_the_waits_anew() -> None:
    store = Store()
    for _ in range(6):
        delay(HealthyReset(), store, ran=timedelta(seconds=3))
    assert delay(HealthyReset(), store, ran=timedelta(minutes=6)) == 1
    assert delay(HealthyReset(), store, ran=timedelta(seconds=3)) == 1
    assert delay(HealthyReset(), store, ran=timedelta(seconds=3)) == 2


def test_without_a_store_it_still_retries() -> None:
    assert delay(HealthyReset(), None, ran=timedelta(seconds=3)) == 1


def test_what_needs_a_person_is_not_retried() -> None:
    for error in (OperatorError("no key"), LeaseHeldError("held")):
        assert HealthyReset().evaluate(error, 1, 1000, None).action is RetryAction.FAIL
        assert FAIL_ON_OPERATOR_ERROR.evaluate(error, 1, 2, None).action is RetryAction.FAIL
    assert FAIL_ON_OPERATOR_ERROR.evaluate(RetriableError("away"), 1, 2, None).action is RetryAction.DEFAULT
