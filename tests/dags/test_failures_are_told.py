import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.mailbox import Mailbox, mailbox_server

FAILING_TASKS = (
    ("daily_rollups", "compute"),
    # Its chores stand alone: each that asks the database is told. The clean-up without a Connection is skipped.
    ("maintenance", "backup"),
    ("maintenance", "dimensions"),
    ("maintenance", "partitions"),
    ("maintenance", "retention"),
    ("maintenance", "vacuum"),
    ("market_producer", "preflight"),
    ("market_stream", "stream"),
    ("pipeline_health", "check"),
    ("schema_migrations", "plan"),
)


@pytest.mark.integration
def test_each_failing_task_of_every_dag_is_told_by_mail_once_and_recorded(database: Database, tmp_path: Path) -> None:
    ends, mailbox = _run_all(database, tmp_path)
    assert set(ends) == {dag_id for dag_id, _ in FAILING_TASKS}
    for dag_id, task_id in FAILING_TASKS:
        assert ends[dag_id]["run"] == "failed", ends[dag_id]
        assert ends[dag_id][task_id] == "failed", ends[dag_id]
        told = [text for text in mailbox.texts() if f"{dag_id}: task {task_id} failed" in text]
        # The run fails because the task did: the same trouble, so one mail.
        assert len(told) == 1
        assert "Airflow has no connection" in told[0]
        assert f"task_id: {task_id}" in told[0]
    assert len(mailbox.mails) == len(FAILING_TASKS)
    with psycopg.connect(database.operations_dsn) as connection:
        kept = connection.execute("SELECT dedup_key, state, occurrences FROM ops.alert ORDER BY dedup_key").fetchall()
        delivered = connection.execute("SELECT count(*) FROM ops.alert_delivery WHERE delivered").fetchone()
    assert [row[0] for row in kept] == [f"airflow.{dag_id}.{task_id}" for dag_id, task_id in FAILING_TASKS]
    assert {row[1] for row in kept} == {"firing"}
    assert delivered == (len(FAILING_TASKS),)


def _run_all(database: Database, tmp_path: Path) -> tuple[dict[str, dict[str, str]], Mailbox]:
    ends = tmp_path / "ends.json"
    with mailbox_server() as mailbox:
        environment = os.environ | {
            "MARKETPULSE_OPERATIONS_DSN": database.operations_dsn,
            "MARKETPULSE_ALERT_URLS": mailbox.url,
            "MARKETPULSE_STATE_DIR": str(tmp_path / "state"),
        }
        script = Path(__file__).with_name("failing_runs.py")
        outcome = subprocess.run(
            [sys.executable, str(script), str(ends)], env=environment, capture_output=True, text=True, check=False
        )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-3000:]
    return json.loads(ends.read_text()), mailbox
