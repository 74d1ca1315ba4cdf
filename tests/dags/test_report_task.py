"""The last task of daily_rollups: there whatever the others found, and never what decides the run."""

from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


@pytest.fixture
def dag(dagbag: DagBag) -> Any:
    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dagbag.dags["daily_rollups"]))


def test_the_report_comes_last_and_shows_its_link_in_the_web_ui(dag: Any) -> None:
    report = dag.get_task("report")
    assert report.downstream_task_ids == set()
    assert report.upstream_task_ids == {"compute", "finalise"}
    assert report.extra_links == ["Session report"]


def test_a_failed_check_still_gets_a_report_and_still_fails_the_run(dag: Any) -> None:
    report = dag.get_task("report")
    assert report.is_teardown
    assert report.trigger_rule == "all_done_setup_success"
    # Airflow leaves such a task out when it decides the state of the run: the tasks before it do.
    assert not report.on_failure_fail_dagrun
