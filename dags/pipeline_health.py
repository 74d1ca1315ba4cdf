"""
### Pipeline health

Every minute: lag in records and seconds, freshness in open-market seconds, producer and stream liveness, sessions that
nobody swept, dead-letter rate, disk. Writes one row to `ops.health` with one state (ok, warning, critical, closed) and
raises or resolves alerts when a check changes, never twice for the same trouble. When late data changed days that were
already rolled up, it starts `daily_rollups`.

**When this DAG itself fails**, a Connection is missing or a setting is wrong: the log says which. An outage of Postgres
or Kafka is a finding, not a failure. `marketpulse health` shows the same checks on the command line.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from task_defaults import LATE_DAYS, LATE_DAYS_SEEN, START_DATE, TASK_DEFAULTS

with DAG(
    dag_id="pipeline_health",
    doc_md=__doc__,
    schedule=timedelta(minutes=1),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=3),
    default_args={**TASK_DEFAULTS, "retries": 0, "weight_rule": "absolute", "priority_weight": 100},
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "monitor"],
) as dag:

    @task(outlets=[LATE_DAYS_SEEN])
    def check(outlet_events: Any = None) -> str:
        from connection_settings import connection_settings
        from marketpulse.monitor.health import check_and_alert

        health = check_and_alert(connection_settings())
        if health.late_days:
            outlet_events[LATE_DAYS_SEEN].add(LATE_DAYS)
        return health.state

    check()
