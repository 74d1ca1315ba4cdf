"""
### Maintenance

Daily: partitions ahead of need, retention, vacuum and analyze, a backup that is restored to prove it, and Airflow's own
clean-up of old runs and task states.

**When it fails** each task stands alone: read its log, correct the cause, clear it. A failed backup leaves the last
good one.
"""

from airflow.sdk import DAG, task

from task_defaults import START_DATE, TASK_DEFAULTS

with DAG(
    dag_id="maintenance",
    doc_md=__doc__,
    schedule="30 5 * * *",
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "maintenance"],
) as dag:

    @task
    def partitions() -> None:
        from connection_settings import connection_settings

        connection_settings()

    partitions()
