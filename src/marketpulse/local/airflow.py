"""Airflow's components with LocalExecutor on a Postgres of their own, set up for tasks that never end."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.local.credentials import Credentials
from marketpulse.local.layout import Layout, project_dir, scripts_dir, write_private
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.ports import Ports
from marketpulse.local.postgres import PostgresServer
from marketpulse.local.program import Program

API_SERVER, SCHEDULER = "airflow-api-server", "airflow-scheduler"
DAG_PROCESSOR, TRIGGERER = "airflow-dag-processor", "airflow-triggerer"
LOG_SERVER = "airflow-log-server"
ADMIN = "admin"
# The stream, the producer, a health check, rollups and maintenance at once, and one to spare; all are forked at start.
PARALLELISM = 6


@dataclass(frozen=True, slots=True)
class Airflow:
    """Airflow of one stack."""

    layout: Layout
    ports: Ports
    credentials: Credentials
    metadata: PostgresServer

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.airflow}"

    def environment(self) -> dict[str, str]:
        """What every component, and every task, finds in its environment."""
        root, secret = project_dir(), self.credentials
        configuration = {
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": str(PARALLELISM),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_FOLDER": str(root / "dags"),
            "CORE__PLUGINS_FOLDER": str(root / "plugins"),
            "CORE__FERNET_KEY": secret.airflow_fernet_key,
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.layout.airflow_passwords),
            "DATABASE__SQL_ALCHEMY_CONN": self.metadata.dsn().replace("postgresql://", "postgresql+psycopg2://"),
            "API__HOST": LOOPBACK,
            "API__PORT": str(self.ports.airflow),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API__SECRET_KEY": secret.airflow_secret_key,
            "API_AUTH__JWT_SECRET": secret.airflow_jwt_secret,
            "LOGGING__BASE_LOG_FOLDER": str(self.layout.airflow / "logs"),
            "LOGGING__WORKER_LOG_SERVER_PORT": str(self.ports.airflow_log),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.ports.airflow_log),
            # Where the API server asks for the log of a running task.
            "CORE__HOSTNAME_CALLABLE": "marketpulse.local.loopback.host_name",
            "DAG_PROCESSOR__PARSING_PROCESSES": "2",
            # A changed file is parsed at once; this is for those that did not change.
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            # Tasks outlive an API server that is away for some minutes.
            "WORKERS__MAX_FAILED_HEARTBEATS": "20",
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "900",
            # What a killed scheduler was running is started again soon, not after five minutes.
            "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
            # A task that runs for days keeps one token.
            "EXECUTION_API__JWT_EXPIRATION_TIME": "172800",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {
            "AIRFLOW_HOME": str(self.layout.airflow),
            # Process titles must not overwrite the environment, by which `down` recognises processes.
            "SPT_NOENV": "1",
            **{f"AIRFLOW__{name}": value for name, value in configuration.items()},
        }

    def configure(self) -> None:
        """Write the login file, which only its owner may read."""
        write_private(self.layout.airflow_passwords, json.dumps({ADMIN: self.credentials.airflow_admin}) + "\n")

    def migrate(self, environment: Mapping[str, str]) -> None:
        """Bring the metadata schema to this Airflow's version; does nothing when it is."""
        wanted, stamp = version("apache-airflow-core"), self._stamp
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        outcome = subprocess.run(
            [str(scripts_dir() / "airflow"), "db", "migrate"],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )
        self.layout.log("airflow-db-migrate").write_text(outcome.stdout + outcome.stderr, encoding="utf-8")
        if outcome.returncode != 0:
            log = self.layout.log("airflow-db-migrate")
            raise OperatorError(f"Airflow's metadata could not be migrated: see {log}")
        stamp.write_text(wanted, encoding="utf-8")

    def programs(self) -> tuple[Program, ...]:
        """The four components, and one server for the logs of all running tasks.

        Scheduler and triggerer would each bring a log server that listens on every address of the machine.
        """
        airflow = str(scripts_dir() / "airflow")
        reaper = (sys.executable, "-m", "marketpulse.local.processes")
        return (
            self._program(API_SERVER, (airflow, "api-server"), stop_wait_s=6),
            # Its process group first: a SIGTERM to the scheduler alone would wait for tasks that never end.
            self._program(SCHEDULER, (*reaper, airflow, "scheduler", "--skip-serve-logs"), stop_wait_s=9),
            self._program(DAG_PROCESSOR, (airflow, "dag-processor"), stop_wait_s=5),
            self._program(TRIGGERER, (airflow, "triggerer", "--skip-serve-logs"), stop_wait_s=5),
            self._program(LOG_SERVER, self._log_server(), stop_wait_s=3),
        )

    def _log_server(self) -> tuple[str, ...]:
        application = "airflow.utils.serve_logs.log_server:get_app"
        listen = ("--host", LOOPBACK, "--port", str(self.ports.airflow_log), "--log-level", "warning")
        return (str(scripts_dir() / "uvicorn"), "--factory", application, *listen)

    @property
    def _stamp(self) -> Path:
        return self.metadata.home.data_dir / ".airflow_version"

    def _program(self, name: str, command: tuple[str, ...], *, stop_wait_s: int) -> Program:
        return Program(name, command, directory=project_dir(), stop_wait_s=stop_wait_s)
