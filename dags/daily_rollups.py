"""
### Daily rollups

Recomputes the days whose data changed, checks them, refreshes the mart and proves that nothing was lost.

Runs after each session's sweep, and when late data changed a day that was rolled up. By hand: Params `date_from` and
`date_to` recompute that range, dirty or not; without them every dirty day. Repeating a run gives the same rows.

**When it fails**
* `check`: the log lists each failing check with sample rows; they are also in `ops.check_result`.
* `prove`: an equation does not balance; the log shows its numbers and the offending rows. Keep the data, ask for help.
"""

from airflow.sdk import DAG, Param, task

from marketpulse.settings import settings
from session_timetable import SessionTimetable
from task_defaults import START_DATE, TASK_DEFAULTS

with DAG(
    dag_id="daily_rollups",
    doc_md=__doc__,
    schedule=SessionTimetable(settings().calendar, runs_at="end", sweep_min=settings().sweep_delay_min + 5),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "warehouse"],
    params={
        "date_from": Param(
            None, type=["null", "string"], format="date", title="First day", description="Empty: dirty days."
        ),
        "date_to": Param(
            None, type=["null", "string"], format="date", title="Last day", description="Empty: dirty days."
        ),
    },
) as dag:

    @task
    def compute() -> None:
        from connection_settings import connection_settings

        connection_settings()

    compute()
