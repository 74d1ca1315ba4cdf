"""
### Daily rollups

Recomputes the days whose data changed and what follows from them, checks them, proves that nothing was lost, and makes
final what is complete. The mart's views show the new rows at once.

Runs after each session's sweep, and when late data changed a day that was rolled up. By hand: Params `date_from` and
`date_to` recompute that range, dirty or not; without them every dirty day. Repeating a run gives the same rows.

**When it fails**
* `check`, one instance a file of `include/sql/checks`: its error shows the first row found, `ops.check_result` ten.
* `prove`: the log shows the equation and its rows; the day stays provisional. `marketpulse prove --date D` asks again.
* A day that stays provisional: the log of `finalise` says what it waits for. The next run asks again.
* `report`: runs last whatever the others found, and its failure does not fail the run. Clear it. Its page has a button,
  *Session report*, to the newest day's.
"""

from datetime import date
from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, Param, task

from connection_settings import OPERATIONS, connection_settings
from data_check import DataCheckOperator
from marketpulse.providers.sweep import sweep_wait
from marketpulse.settings import settings
from marketpulse.warehouse.check_files import check_names
from session_report import SessionReportOperator
from session_timetable import SessionTimetable
from task_defaults import LATE_DAYS, START_DATE, TASK_DEFAULTS

SWEEP_MIN = sweep_wait(settings()).total_seconds() / 60
DAY = {"type": ["null", "string"], "format": "date", "description": "Empty: the days that changed."}

with DAG(
    dag_id="daily_rollups",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=SessionTimetable(settings().calendar, runs_at="end", sweep_min=SWEEP_MIN + 5),
        assets=[LATE_DAYS],
    ),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "warehouse"],
    params={"date_from": Param(None, title="First day", **DAY), "date_to": Param(None, title="Last day", **DAY)},
) as dag:

    @task
    def compute(params: Any = None) -> list[str]:
        from marketpulse.warehouse.rollups import compute_daily

        dsn = connection_settings().operations_dsn.get_secret_value()
        first, last = (date.fromisoformat(day) if (day := params[name]) else None for name in ("date_from", "date_to"))
        days = compute_daily(dsn, first, last, feed_order=connection_settings().feed_order)
        return [day.trading_date.isoformat() for day in days]

    @task
    def prove(days: list[str]) -> None:
        from marketpulse.monitor.conservation import assert_balanced

        assert_balanced(connection_settings(), map(date.fromisoformat, days))

    @task
    def finalise() -> list[str]:
        from marketpulse.warehouse import finality, topic_ends

        dsn, kafka = (now := connection_settings()).operations_dsn.get_secret_value(), now.kafka_bootstrap
        judged = finality.finalise(dsn, lambda: topic_ends.topic_ends(kafka))
        return sorted({day.trading_date.isoformat() for day in judged if day.waits_for is None})

    computed, final = compute(), finalise()
    check = DataCheckOperator.partial(
        task_id="check", conn_id=OPERATIONS, trading_dates=computed, map_index_template="{{ task.check_name }}"
    ).expand(check_name=check_names())
    check >> prove(computed) >> final
    SessionReportOperator(task_id="report", days=[computed, final]).as_teardown()
