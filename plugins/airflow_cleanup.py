"""Airflow's own clean-up: old runs and task states leave its metadata database.

Tasks may not touch that database, so Airflow's command line does it in a process of its own, with the address from the
Connection `airflow_metadata`.
"""

import logging
import os
import subprocess
from datetime import UTC, datetime, timedelta

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from connection_settings import command_path, connection_dsn
from marketpulse.errors import RetriableError

logger = logging.getLogger(__name__)

METADATA = "airflow_metadata"
KEEP = timedelta(days=30)
TIMEOUT_S = 600


def clean_airflow() -> None:
    """Removes runs older than `KEEP` and expired task states. Skips the task where the Connection does not exist.

    Raises RetriableError with the command's last words when it fails.
    """
    try:
        address = connection_dsn(Connection.get(METADATA))
    except AirflowNotFoundException:
        reason = f"Airflow has no connection {METADATA}: its own history is kept"
        logger.warning(reason)
        raise AirflowSkipException(reason) from None
    metadata = address.replace("postgresql://", "postgresql+psycopg2://")
    # Airflow hides the address from its tasks by overwriting these two.
    hidden = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN")
    environment = {**os.environ, "PATH": command_path(), **dict.fromkeys(hidden, metadata)}
    before = f"{datetime.now(UTC) - KEEP:%Y-%m-%d %H:%M:%S}+00:00"
    _run(environment, "db", "clean", "--clean-before-timestamp", before, "--skip-archive", "--yes")
    _run(environment, "state-store", "clean")


def _run(environment: dict[str, str], *command: str) -> None:
    outcome = subprocess.run(
        ["airflow", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )
    lines = [line for line in (outcome.stdout + outcome.stderr).splitlines() if line.strip()]
    for line in lines:
        logger.info(line)
    if outcome.returncode != 0:
        raise RetriableError(f"airflow {command[0]} {command[1]} failed: {lines[-1] if lines else 'without a word'}")
