"""
### Market producer

Polls the provider for one trading session and publishes to Kafka, from the pre-market open to the sweep after the
post-market close, and supervises the process that does it.

**Schedule** by `MARKETPULSE_PRODUCER_SCHEDULE`: `session` (the calendar's trading days), `continuous` (markets that
never close) or `manual`. Trigger it by hand with Params for any session.

**When it fails**
* `preflight`: the log names what is missing (schema: run `schema_migrations`; topics: run `marketpulse up`;
  lease: the named holder is still producing, stop that run first).
* `produce` with a configuration error: correct the setting or key it names, then clear the task.
* Anything else restarts by itself. To stop it, mark the run as failed: it drains within 4 seconds.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param, task

from marketpulse.providers.sweep import sweep_wait
from marketpulse.settings import settings
from retry_policies import HealthyReset
from session_timetable import SessionTimetable
from supervised_producer import SupervisedProducerOperator
from task_defaults import START_DATE, TASK_DEFAULTS

SCHEDULES = {
    "session": SessionTimetable(settings().calendar, sweep_min=sweep_wait(settings()).total_seconds() / 60),
    "continuous": "@continuous",
    "manual": None,
}

with DAG(
    dag_id="market_producer",
    doc_md=__doc__,
    schedule=SCHEDULES[settings().producer_schedule],
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    max_consecutive_failed_dag_runs=3,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "ingest"],
    params={
        "provider": Param(settings().provider, type="string", minLength=1, title="Provider"),
        "symbols": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Symbols",
            description="One a line; empty: the configured ones.",
        ),
        "feed": Param(settings().feed, type="string", minLength=1, title="Feed", examples=["iex", "sip"]),
        "calendar": Param(settings().calendar, type="string", minLength=1, title="Calendar", examples=["XNYS", "24/7"]),
        "session_date": Param(
            None, type=["null", "string"], format="date", title="Session", description="Empty: the current or next one."
        ),
        "until": Param(None, type=["null", "string"], format="date-time", title="Stop at", description="Market time."),
        "poll_interval": Param(
            None,
            type=["null", "number"],
            exclusiveMinimum=0,
            title="Seconds between polls",
            description="Empty: setting.",
        ),
    },
) as dag:

    @task(retries=3, retry_delay=timedelta(seconds=5))
    def preflight() -> None:
        from connection_settings import connection_settings
        from marketpulse.monitor.preflight import check_producer

        check_producer(connection_settings())

    preflight() >> SupervisedProducerOperator(task_id="produce", retries=1000, retry_policy=HealthyReset())
