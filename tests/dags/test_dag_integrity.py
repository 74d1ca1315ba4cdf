import ast
import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from tests.airflow_home import DAGS

from market_alert import MarketAlert, MarketRecovery

DAG_IDS = {
    "daily_rollups",
    "maintenance",
    "market_producer",
    "market_stream",
    "pipeline_health",
    "schema_migrations",
}
FILES = sorted(DAGS.glob("*.py"))


@pytest.fixture(params=sorted(DAG_IDS))
def dag(request: pytest.FixtureRequest, dagbag: DagBag) -> DAG:
    return dagbag.dags[request.param]


def test_every_file_parses_and_yields_exactly_these_dags(dagbag: DagBag) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == DAG_IDS
    assert [path.stem for path in FILES] == sorted(DAG_IDS)


def test_parsing_stays_fast(dagbag: DagBag) -> None:
    # The first file pays for Airflow's and our own imports.
    durations = sorted(stat.duration.total_seconds() for stat in dagbag.dagbag_stats)
    assert sum(durations[:-1]) < 3.0


def test_a_dag_survives_the_way_through_the_database(dag: DAG) -> None:
    stored = json.loads(json.dumps(DagSerialization.serialize_dag(dag)))
    restored = DagSerialization.deserialize_dag(stored)
    assert restored.task_ids == dag.task_ids
    assert restored.max_active_runs == 1
    assert "password" not in json.dumps(stored).lower()


def test_parsing_twice_gives_the_same_version(dag: DAG) -> None:
    again = DagBag(str(DAGS / f"{dag.dag_id}.py")).dags[dag.dag_id]
    assert DagSerialization.serialize_dag(again) == DagSerialization.serialize_dag(dag)


def test_a_dag_says_what_it_is_and_whose(dag: DAG) -> None:
    assert "marketpulse" in dag.tags
    assert len(dag.tags) == 2
    assert dag.doc_md
    assert "**When " in dag.doc_md
    assert {task.owner for task in dag.tasks} == {"marketpulse"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False


def test_failures_raise_alerts_and_successes_resolve_them(dag: DAG) -> None:
    for callbacks in (dag.on_failure_callback, *(task.on_failure_callback for task in dag.tasks)):
        assert [type(callback).__name__ for callback in _listed(callbacks)] == [MarketAlert.__name__]
    for task in dag.tasks:
        assert [type(callback).__name__ for callback in _listed(task.on_success_callback)] == [MarketRecovery.__name__]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|VACUUM)\b\s", text)
    assert "Variable.get" not in text
    names = {other.stem for other in FILES}
    assert not names & {name.partition(".")[0] for name in _imports(path)}


@pytest.mark.parametrize("param", ["session_date", "until", "symbols", "poll_interval"])
def test_the_producer_s_optional_params_may_stay_empty(dagbag: DagBag, param: str) -> None:
    assert dagbag.dags["market_producer"].params[param] is None


@pytest.mark.parametrize(
    ("dag_id", "conf"),
    [
        (
            "market_producer",
            {"session_date": "2026-11-20", "feed": "sip", "symbols": ["BAC"], "calendar": "XNYS", "poll_interval": 0.5},
        ),
        ("daily_rollups", {"date_from": "2026-11-20", "date_to": "2026-11-20"}),
    ],
)
def test_the_params_take_what_an_operator_sends(dagbag: DagBag, dag_id: str, conf: dict[str, object]) -> None:
    params = copy.deepcopy(dagbag.dags[dag_id].params)
    for name, value in conf.items():
        params[name] = value
    params.validate()


def test_a_first_start_does_not_begin_with_yesterday_s_chores(dagbag: DagBag) -> None:
    # The nightly DAGs wait for their next time: a stack that comes up has other things to do.
    for dag_id in ("daily_rollups", "maintenance"):
        dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dagbag.dags[dag_id]))
        first = dag.next_dagrun_info(last_automated_run_info=None)
        assert first is not None
        assert first.run_after > datetime.now(UTC)


def test_a_failed_chore_does_not_cost_the_others(dagbag: DagBag) -> None:
    chores = dagbag.dags["maintenance"].tasks
    assert {task.task_id for task in chores} >= {"retention", "backup"}
    assert all(not task.upstream_task_ids for task in chores)


def test_endless_tasks_never_run_out_of_retries_and_wait_ten_seconds_at_most(dagbag: DagBag) -> None:
    for dag_id, task_id in (("market_producer", "produce"), ("market_stream", "stream")):
        task = dagbag.dags[dag_id].get_task(task_id)
        assert task.retries >= 1000
        assert task.retry_policy.longest.total_seconds() <= 10


def _listed(callbacks: object) -> list[object]:
    return callbacks if isinstance(callbacks, list) else [callbacks]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
