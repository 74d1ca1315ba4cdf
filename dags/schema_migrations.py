"""
### Schema migrations

Brings the market database to the newest schema: plan, approve when a step is destructive, apply, fill what the mart's
dimensions stand on, verify.

Run it by hand after an upgrade. A destructive plan waits for a decision under *Required actions* of the run; the plan
is in the log of `plan`. Applying holds an advisory lock, so two runs cannot overlap.

**When it fails**: `apply` rolls the failing file back and names it; `verify` names each file whose text differs from
what was applied. Neither changes data outside the failing file.
"""

import logging

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, task

from task_defaults import START_DATE, TASK_DEFAULTS

with DAG(
    dag_id="schema_migrations",
    doc_md=__doc__,
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args={**TASK_DEFAULTS, "retries": 0},
    on_failure_callback=TASK_DEFAULTS["on_failure_callback"],
    tags=["marketpulse", "warehouse"],
) as dag:

    @task.branch
    def plan() -> str:
        from connection_settings import OWNER, connection_settings
        from marketpulse.warehouse import migrations

        planned = migrations.plan(connection_settings(OWNER).owner_dsn.get_secret_value())
        logging.getLogger(__name__).info("%s", migrations.as_text(planned))
        return "approve" if planned.destructive else "apply"

    @task(trigger_rule="none_failed_min_one_success")
    def apply() -> None:
        from connection_settings import OWNER, connection_settings
        from marketpulse.warehouse import migrations

        migrations.apply(connection_settings(OWNER).owner_dsn.get_secret_value())

    @task
    def fill_dimensions() -> None:
        from connection_settings import connection_settings
        from marketpulse.warehouse import dimensions

        now = connection_settings("marketpulse_owner")
        dimensions.fill_dimensions(now.owner_dsn.get_secret_value(), now.calendar)

    @task
    def verify() -> None:
        from connection_settings import OWNER, connection_settings
        from marketpulse.warehouse import migrations

        migrations.verify(connection_settings(OWNER).owner_dsn.get_secret_value())

    approve = ApprovalOperator(
        task_id="approve",
        subject="Apply destructive schema migrations?",
        body="The plan is in the log of the task `plan`. Take a backup first (DAG `maintenance`).",
    )
    applied = apply()
    planned = plan()
    planned >> [approve, applied]
    approve >> applied >> fill_dimensions() >> verify()
