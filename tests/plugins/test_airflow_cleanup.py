import os
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowSkipException

import airflow_cleanup
from airflow_cleanup import clean_airflow
from marketpulse.errors import RetriableError

FAKE_AIRFLOW = """#!/bin/sh
echo "$@ on $AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" >> "{folder}/calls"
echo "the table is locked"
exit {status}
"""


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, *, status: int) -> None:
    script = folder / "airflow"
    script.write_text(FAKE_AIRFLOW.format(folder=folder, status=status))
    script.chmod(0o755)
    monkeypatch.setattr(airflow_cleanup, "command_path", lambda: f"{folder}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_METADATA", "postgresql://airflow:secret@127.0.0.1:15433/airflow")
    # What a task finds in its place.
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")


def test_airflow_cleans_itself_in_a_process_that_may_see_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, monkeypatch, status=0)
    clean_airflow()
    clean, states = (tmp_path / "calls").read_text().splitlines()
    assert clean.startswith("db clean --clean-before-timestamp 20")
    assert clean.endswith("--skip-archive --yes on postgresql+psycopg2://airflow:secret@127.0.0.1:15433/airflow")
    assert states.startswith("state-store clean on ")


def test_a_failure_has_the_command_s_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, status=1)
    with pytest.raises(RetriableError, match="airflow db clean failed: the table is locked"):
        clean_airflow()


def test_without_the_connection_the_task_is_skipped() -> None:
    with pytest.raises(AirflowSkipException, match="no connection airflow_metadata"):
        clean_airflow()
