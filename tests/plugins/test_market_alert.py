import logging
from types import SimpleNamespace
from typing import Any

import pytest

from market_alert import MarketAlert, MarketRecovery, failure_alert

TI = SimpleNamespace(dag_id="daily_rollups", task_id="check", run_id="manual__1")
DAG = SimpleNamespace(dag_id="daily_rollups")


def test_a_failed_task_is_named_with_its_cause() -> None:
    alert = failure_alert({"ti": TI, "run_id": "manual__1", "exception": ValueError("a bad day\nand more")}, "critical")
    assert alert.dedup_key == "airflow.daily_rollups.check"
    assert alert.summary == "daily_rollups: task check failed: a bad day"
    assert "run manual__1" in alert.action
    assert alert.source == {"dag_id": "daily_rollups", "run_id": "manual__1", "task_id": "check"}


def test_a_run_that_failed_with_its_task_is_the_same_trouble() -> None:
    of_run = failure_alert({"dag": DAG, "ti": TI, "run_id": "manual__1", "reason": "task_failure"}, "critical")
    assert of_run.dedup_key == "airflow.daily_rollups.check"


@pytest.mark.parametrize("context", [{"dag": DAG, "ti": TI}, {"dag": DAG}])
def test_a_run_that_took_too_long_is_its_dag_s_trouble(context: dict[str, Any]) -> None:
    alert = failure_alert({**context, "run_id": "scheduled__1", "reason": "timed_out"}, "critical")
    assert (alert.dedup_key, alert.summary) == ("airflow.daily_rollups", "daily_rollups: the run failed: timed out")


@pytest.mark.parametrize("notifier", [MarketAlert(), MarketRecovery()])
def test_a_callback_never_raises(notifier: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        notifier({"nothing": "that one expects"})
    assert "the alert could not be" in caplog.text
