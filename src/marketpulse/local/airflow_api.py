"""Airflow over its REST API, as an operator's own tools would use it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import requests

from marketpulse.errors import OperatorError, RetriableError

TIMEOUT_S = 15.0
ACTIVE_RUNS = ("queued", "running")
ACTIVE_TASKS = ("queued", "running", "restarting", "scheduled", "up_for_retry", "up_for_reschedule")


@dataclass(frozen=True, slots=True)
class AirflowConnection:
    """One of Airflow's Connections; empty fields are left out."""

    connection_id: str
    conn_type: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: str = ""
    description: str = ""

    def body(self) -> dict[str, object]:
        fields: dict[str, object] = {
            "connection_id": self.connection_id,
            "conn_type": self.conn_type,
            "host": self.host,
            "port": self.port,
            "login": self.login,
            "password": self.password,
            "schema": self.schema,
            "extra": self.extra,
            "description": self.description,
        }
        return {name: value for name, value in fields.items() if value not in ("", None)}


class AirflowApi:
    """Logs in by itself. Raises RetriableError when Airflow does not answer, OperatorError when it refuses."""

    def __init__(self, url: str, user: str, password: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url.rstrip("/")
        self._user = user
        self._password = password
        self._timeout_s = timeout_s
        self._http = requests.Session()
        # A proxy of the environment has no business between two processes of this machine.
        self._http.trust_env = False
        self._token = ""

    def health(self) -> dict[str, bool]:
        """Which of metadatabase, scheduler, dag_processor and triggerer are healthy; needs no login."""
        body = self._request("GET", "/api/v2/monitor/health", logged_in=False)
        return {
            name: part.get("status") == "healthy"
            for name, part in body.items()
            if isinstance(part, dict) and isinstance(name, str)
        }

    def healthy(self) -> bool:
        """Whether every component of Airflow is healthy."""
        try:
            parts = self.health()
        except RetriableError:
            return False
        return all(parts.get(name) for name in ("metadatabase", "scheduler", "dag_processor", "triggerer"))

    def dag_ids(self) -> frozenset[str]:
        """Every DAG that Airflow has parsed so far."""
        return frozenset(str(row["dag_id"]) for row in self._rows("GET", "/dags?limit=200", "dags"))

    def import_errors(self) -> tuple[str, ...]:
        """The last line of every DAG file that failed to parse, with the file's name."""
        rows = self._rows("GET", "/importErrors?limit=50", "import_errors")
        return tuple(f"{row['filename']}: {str(row['stack_trace']).strip().splitlines()[-1]}" for row in rows)

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/dags/{quote(dag_id)}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, object], *, run_id: str) -> None:
        """Start a run now, with Params, under this id. Again with the same id it does nothing."""
        body = {"conf": dict(conf), "logical_date": None, "dag_run_id": run_id}
        self._call("POST", f"/dags/{quote(dag_id)}/dagRuns", body, there_already=True)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self._call("GET", _run(dag_id, run_id))["state"])

    def active_runs(self, dag_id: str) -> tuple[str, ...]:
        """The ids of the runs that have not ended."""
        states = "&".join(f"state={state}" for state in ACTIVE_RUNS)
        rows = self._rows("GET", f"/dags/{quote(dag_id)}/dagRuns?{states}&limit=100", "dag_runs")
        return tuple(str(row["dag_run_id"]) for row in rows)

    def mark_failed(self, dag_id: str, run_id: str) -> None:
        """End a run: its tasks get SIGTERM within seconds."""
        self._call("PATCH", _run(dag_id, run_id), {"state": "failed"})

    def end_run(self, dag_id: str, run_id: str) -> None:
        """End a run; one that has ended meanwhile, or is gone, is none."""
        try:
            if self.run_state(dag_id, run_id) in ACTIVE_RUNS:
                self.mark_failed(dag_id, run_id)
        except OperatorError:
            return

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """The state of every task of a run."""
        rows = self._rows("GET", f"{_run(dag_id, run_id)}/taskInstances?limit=100", "task_instances")
        return {str(row["task_id"]): str(row["state"]) for row in rows}

    def active_task_instances(self, dag_id: str) -> tuple[str, ...]:
        """Tasks of any run that are running or about to, as `run/task`."""
        states = "&".join(f"state={state}" for state in ACTIVE_TASKS)
        rows = self._rows("GET", f"{_run(dag_id, '~')}/taskInstances?{states}&limit=100", "task_instances")
        return tuple(f"{row['dag_run_id']}/{row['task_id']}" for row in rows)

    def put_connections(self, *connections: AirflowConnection) -> None:
        """Create Connections, or set those of these names to exactly this."""
        entities = [connection.body() for connection in connections]
        body = {"actions": [{"action": "create", "action_on_existence": "overwrite", "entities": entities}]}
        outcome = self._call("PATCH", "/connections", body).get("create")
        errors = outcome.get("errors") if isinstance(outcome, dict) else None
        if errors:
            raise OperatorError(f"Airflow refused a connection: {errors}")

    def _rows(self, method: str, path: str, key: str) -> list[dict[str, object]]:
        rows = self._call(method, path).get(key)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, there_already: bool = False
    ) -> dict[str, object]:
        return self._request(method, f"/api/v2{path}", body, there_already=there_already)

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        logged_in: bool = True,
        there_already: bool = False,
    ) -> dict[str, object]:
        answer = self._send(method, path, body, logged_in=logged_in)
        if answer.status_code == requests.codes.unauthorized and logged_in:
            self._token = ""
            answer = self._send(method, path, body, logged_in=True)
        if answer.status_code >= 500:
            raise RetriableError(f"Airflow answered {method} {path} with {answer.status_code}")
        if answer.status_code == requests.codes.conflict and there_already:
            return {}
        if answer.status_code >= 400:
            said = " ".join(answer.text.split())[:300]
            raise OperatorError(f"Airflow refused {method} {path}: {answer.status_code} {said}")
        return self._document(answer) if answer.content else {}

    def _send(self, method: str, path: str, body: Mapping[str, object] | None, *, logged_in: bool) -> requests.Response:
        try:
            if logged_in and not self._token:
                self._log_in()
            headers = {"Authorization": f"Bearer {self._token}"} if logged_in else {}
            return self._http.request(method, self._url + path, json=body, headers=headers, timeout=self._timeout_s)
        except requests.RequestException:
            raise RetriableError(f"Airflow at {self._url} does not answer: see 'marketpulse status'") from None

    def _log_in(self) -> None:
        login = {"username": self._user, "password": self._password}
        answer = self._http.post(f"{self._url}/auth/token", json=login, timeout=self._timeout_s)
        if answer.status_code >= 500:
            raise RetriableError(f"Airflow at {self._url} cannot log anybody in yet")
        if answer.status_code >= 400:
            raise OperatorError(f"Airflow at {self._url} refused the login of {self._user}")
        self._token = str(self._document(answer).get("access_token", ""))
        if not self._token:
            raise self._foreign()

    def _document(self, answer: requests.Response) -> dict[str, object]:
        try:
            document = answer.json()
        except requests.JSONDecodeError:
            raise self._foreign() from None
        return document if isinstance(document, dict) else {}

    def _foreign(self) -> RetriableError:
        return RetriableError(f"what answers at {self._url} is not Airflow: is its port taken by another program?")


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='~')}"
