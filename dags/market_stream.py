"""
### Market stream

Keeps the Spark job running that lands Kafka's records in Postgres. One run at a time, started again for ever.

A restart resumes from the ledger in Postgres: nothing is lost and nothing lands twice, whatever was killed.
Retries wait at most 10 seconds, and briefly again after five healthy minutes.

**When it fails for good** (status 2) the log names what a person has to do: correct a setting, or look with
`marketpulse stream resume` at what Kafka lost or at a flood of unusable records. Then clear the task. After three
failed runs in a row Airflow pauses this DAG: unpause it when the cause is gone.
**To restart it by hand** mark the run as failed: the driver ends and the next run takes over.
"""

from datetime import timedelta

from airflow.sdk import DAG

from retry_policies import HealthyReset
from supervised_stream import SupervisedStreamOperator
from task_defaults import START_DATE, TASK_DEFAULTS

with DAG(
    dag_id="market_stream",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    max_consecutive_failed_dag_runs=3,
    default_args=TASK_DEFAULTS,
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "stream"],
) as dag:
    SupervisedStreamOperator(
        task_id="stream",
        conn_id="spark_default",
        retries=100_000,
        retry_delay=timedelta(seconds=2),
        retry_policy=HealthyReset(),
    )
