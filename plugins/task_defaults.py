"""What every task of every DAG has in common."""

from datetime import UTC, datetime, timedelta
from typing import Any

from market_alert import MarketAlert, MarketRecovery
from retry_policies import FAIL_ON_OPERATOR_ERROR

OWNER = "marketpulse"

# Constant: a start date computed while parsing would make a new DAG version on every parse.
START_DATE = datetime(2026, 1, 1, tzinfo=UTC)

TASK_DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_policy": FAIL_ON_OPERATOR_ERROR,
    "on_failure_callback": MarketAlert(),
    "on_success_callback": MarketRecovery(),
}
