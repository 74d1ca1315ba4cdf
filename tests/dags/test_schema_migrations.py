from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from pydantic import SecretStr

from marketpulse.settings import Settings


@pytest.mark.parametrize(
    ("destructive", "next_task"), [((), "apply"), (("0009_drop: DROP TABLE market.event",), "approve")]
)
def test_only_a_destructive_plan_waits_for_a_person(
    dagbag: DagBag, monkeypatch: pytest.MonkeyPatch, destructive: tuple[str, ...], next_task: str
) -> None:
    monkeypatch.setattr("connection_settings.connection_settings", lambda *_: Settings(owner_dsn=SecretStr("dsn")))
    monkeypatch.setattr(
        "marketpulse.warehouse.migrations.plan",
        lambda dsn: SimpleNamespace(pending=(), views=(), destructive=destructive),
    )
    assert dagbag.dags["schema_migrations"].get_task("plan").python_callable() == next_task


def test_a_refusal_reaches_the_application_of_the_plan(dagbag: DagBag) -> None:
    dag = dagbag.dags["schema_migrations"]
    # `apply` follows the branch or the approval, whichever ran; a refusal skips it.
    assert dag.get_task("apply").upstream_task_ids == {"plan", "approve"}
    assert dag.get_task("apply").trigger_rule == "none_failed_min_one_success"
    assert not dag.get_task("approve").ignore_downstream_trigger_rules
    assert dag.get_task("verify").trigger_rule == "all_success"
