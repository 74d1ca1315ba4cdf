"""`marketpulse connect`: Connections from the settings, and the DAGs unpaused once Airflow has parsed them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.airflow_connections import connect_airflow, connections_of
from marketpulse.local.pipeline_dags import PIPELINE_DAGS
from marketpulse.settings import Settings, load_settings


class _Airflow(HTTPServer):
    """As much of Airflow's REST API as `connect` uses; the DAGs are parsed when they are asked for a second time."""

    def __init__(self, dag_ids: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dag_ids = dag_ids
        self.asked = 0
        self.connections: list[str] = []
        self.unpaused: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Airflow

    def do_GET(self) -> None:
        self.server.asked += 1
        seen = self.server.dag_ids if self.server.asked > 1 else ()
        self._answer({"dags": [{"dag_id": dag_id} for dag_id in seen], "import_errors": []})

    def do_POST(self) -> None:
        self._body()
        self._answer({"access_token": "token"})

    def do_PATCH(self) -> None:
        body = self._body()
        if self.path.endswith("/connections"):
            self.server.connections = [entity["connection_id"] for entity in body["actions"][0]["entities"]]
        elif body == {"is_paused": False}:
            self.server.unpaused.append(self.path.rpartition("/")[2])
        self._answer({})

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is not a log."""


@pytest.fixture
def airflow(request: pytest.FixtureRequest) -> Iterator[_Airflow]:
    with _Airflow(getattr(request, "param", PIPELINE_DAGS)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _settings(url: str = "http://127.0.0.1:1", *, login: str = "p") -> Settings:
    dsns = {f"{role}_dsn": f"postgresql://marketpulse_{role}:p%40{role}@postgres:5433/marketpulse" for role in _ROLES}
    return load_settings(
        airflow_url=url,
        airflow_password=login,
        kafka_bootstrap="kafka:19092",
        spark_master="spark://spark-master:7077",
        **dsns,
    )


_ROLES = ("owner", "writer", "operations")


def test_connections_are_those_of_the_settings() -> None:
    made = {connection.connection_id: connection for connection in connections_of(_settings())}
    assert set(made) == {"kafka_default", "spark_default", *(f"marketpulse_{role}" for role in _ROLES)}
    assert json.loads(made["kafka_default"].extra)["bootstrap.servers"] == "kafka:19092"
    assert (made["spark_default"].host, made["spark_default"].port) == ("spark://spark-master", 7077)
    writer = made["marketpulse_writer"]
    assert (writer.host, writer.port, writer.login, writer.password, writer.schema) == (
        "postgres",
        5433,
        "marketpulse_writer",
        "p@writer",
        "marketpulse",
    )


def test_it_waits_for_the_dags_and_unpauses_them(airflow: _Airflow) -> None:
    waits: list[float] = []
    connect_airflow(_settings(f"http://127.0.0.1:{airflow.server_port}"), sleep=waits.append)
    assert len(airflow.connections) == 5
    assert airflow.unpaused == list(PIPELINE_DAGS)
    assert len(waits) == 1


@pytest.mark.parametrize("airflow", [PIPELINE_DAGS[1:]], indirect=True)
def test_a_dag_that_never_appears_is_named(airflow: _Airflow) -> None:
    with pytest.raises(RetriableError, match=PIPELINE_DAGS[0]):
        connect_airflow(_settings(f"http://127.0.0.1:{airflow.server_port}"), timeout_s=-1, sleep=lambda _: None)
    assert airflow.unpaused == []


def test_without_a_password_it_says_which_setting() -> None:
    with pytest.raises(OperatorError, match="MARKETPULSE_AIRFLOW_PASSWORD"):
        connect_airflow(_settings(login=""))
