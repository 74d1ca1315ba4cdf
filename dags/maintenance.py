"""
### Maintenance

Daily, one chore at a time: partitions ahead of need, the mart's calendar and symbols, retention, vacuum and analyze,
a backup that is restored to prove it, and Airflow's own clean-up of old runs and task states.

Retention drops the events of days that landed more than `MARKETPULSE_RETENTION_DAYS` ago; bars and rollups stay.
Backups are in `MARKETPULSE_BACKUP_DIR`. The clean-up needs the Connection `airflow_metadata`, or it is skipped.

**When it fails** each task stands alone: read its log, correct the cause, clear it. The last good backup stays.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task

from task_defaults import TASK_DEFAULTS

with DAG(
    dag_id="maintenance",
    doc_md=__doc__,
    # With a start date, or without the last part, the first start of the stack would run it at once.
    schedule=CronTriggerTimetable("30 5 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "maintenance"],
) as dag:

    @task(priority_weight=6)
    def partitions() -> None:
        from connection_settings import connection_settings
        from marketpulse.monitor.upkeep import prepare_partitions

        prepare_partitions(connection_settings())

    @task(priority_weight=5)
    def dimensions() -> None:
        from connection_settings import connection_settings
        from marketpulse.monitor.upkeep import renew_dimensions

        renew_dimensions(connection_settings())

    @task(priority_weight=4)
    def retention() -> None:
        from connection_settings import connection_settings
        from marketpulse.monitor.upkeep import drop_old_days

        drop_old_days(connection_settings())

    @task(priority_weight=3)
    def vacuum() -> None:
        from connection_settings import OWNER, connection_settings
        from marketpulse.warehouse import maintenance

        maintenance.vacuum(connection_settings(OWNER).owner_dsn.get_secret_value())

    @task(priority_weight=2)
    def backup() -> None:
        from connection_settings import OWNER, connection_settings
        from marketpulse.monitor.upkeep import back_up

        back_up(connection_settings(OWNER))

    @task(priority_weight=1)
    def airflow_cleanup() -> None:
        from airflow_cleanup import clean_airflow

        clean_airflow()

    # None waits for another's success: a failed retention must not cost the backup.
    partitions()
    dimensions()
    retention()
    vacuum()
    backup()
    airflow_cleanup()
