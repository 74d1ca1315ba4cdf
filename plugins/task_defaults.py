"""What the DAGs have in common: every task's defaults, and what one DAG tells another."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, AssetAlias

from market_alert import MarketAlert, MarketRecovery
from retry_policies import FAIL_ON_OPERATOR_ERROR

OWNER = "marketpulse"

# Constant: a start date computed while parsing would make a new DAG version on every parse.
START_DATE = datetime(2026, 1, 1, tzinfo=UTC)

# Days that changed after they were rolled up. The health check reports them, through the alias only when there are any.
LATE_DAYS = Asset("marketpulse_late_days")
LATE_DAYS_SEEN = AssetAlias("marketpulse_late_days_seen")

TASK_DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_policy": FAIL_ON_OPERATOR_ERROR,
    "on_failure_callback": MarketAlert(),
    "on_success_callback": MarketRecovery(),
}
