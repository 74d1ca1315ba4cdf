"""Failures of DAGs and tasks, as alerts: a row in `ops.alert` and a message to every configured address.

Attached to every DAG as its failure callback, for its tasks (in the task's process) and for its runs (in the DAG
processor). A callback must never raise: it would hide the failure that it reports.
"""

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from connection_settings import connection_settings
from marketpulse.settings import Settings, settings

if TYPE_CHECKING:
    from marketpulse.monitor.alerts import Alert, Severity

logger = logging.getLogger(__name__)


class MarketAlert(BaseNotifier):
    """Raises the alert of the failing task or run, once; a repetition while it fires only counts."""

    def __init__(self, *, severity: "Severity" = "critical", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.severity = severity

    def notify(self, context: Any) -> None:
        try:
            from marketpulse.monitor.alerts import raise_alert

            raise_alert(_settings(), failure_alert(context, self.severity))
        except Exception:
            logger.exception("the alert could not be raised")


class MarketRecovery(BaseNotifier):
    """Resolves the alert of a task that succeeds, and its DAG's."""

    def notify(self, context: Any) -> None:
        try:
            from marketpulse.monitor.alerts import resolve_alerts

            ti = context["ti"]
            resolve_alerts(_settings(), (task_key(ti), dag_key(ti.dag_id)))
        except Exception:
            logger.exception("the alert could not be resolved")


def dag_key(dag_id: str) -> str:
    """What identifies the trouble of a DAG's runs, over all of them."""
    return f"airflow.{dag_id}"


def task_key(ti: Any) -> str:
    """What identifies the trouble of one task, over all its runs; each instance of a mapped task has its own."""
    # -1 where nothing is mapped.
    index = getattr(ti, "map_index", -1)
    return f"airflow.{ti.dag_id}.{ti.task_id}" + (f".{index}" if isinstance(index, int) and index >= 0 else "")


def failure_alert(context: Any, severity: "Severity") -> "Alert":
    """The alert for either kind of context that Airflow passes to failure callbacks.

    A run that failed because a task did is the same trouble as that task's: the same key, so one message.
    """
    from marketpulse.monitor.alerts import Alert

    ti, reason = context.get("ti"), context.get("reason")
    dag_id = ti.dag_id if ti is not None else context["dag"].dag_id
    run_id = str(context.get("run_id") or getattr(ti, "run_id", ""))
    if ti is not None and reason in (None, "task_failure"):
        cause = str(context.get("exception") or "it ended without saying why").splitlines()[0][:500]
        return Alert(
            dedup_key=task_key(ti),
            severity=severity,
            summary=f"{dag_id}: task {ti.task_id} failed: {cause}",
            action=f"Open DAG {dag_id} in Airflow, run {run_id}: read the log of {ti.task_id}, then clear it.",
            source={"dag_id": dag_id, "run_id": run_id, "task_id": ti.task_id},
        )
    return Alert(
        dedup_key=dag_key(dag_id),
        severity=severity,
        summary=f"{dag_id}: the run failed: {str(reason or 'failed').replace('_', ' ')}",
        action=f"Open DAG {dag_id} in Airflow, run {run_id}: see which task did not end, then clear it.",
        source={"dag_id": dag_id, "run_id": run_id},
    )


def _settings() -> Settings:
    """Connections where Airflow answers, otherwise the process's own settings: an alert takes any way out."""
    try:
        return connection_settings("marketpulse_operations")
    except Exception as error:
        logger.warning("alerting without Airflow's connections: %s", error)
        return settings()
