"""What the containers run, run here: the same commands and variables, only addresses and folders swapped."""

import json
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest
import requests
from confluent_kafka.admin import AdminClient
from tests.compose.conftest import ROOT
from tests.compose.stack import Service, Stack
from tests.database import free_port

from marketpulse.local.jars import KAFKA, install_jars
from marketpulse.local.java import find_java
from marketpulse.local.kafka import broker_answers
from marketpulse.local.postgres import PostgresServer, place
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

BIN = Path(sys.executable).parent
TIMEOUT_S = 120


def environment(service: Service, *, home: Path, swaps: Mapping[str, str]) -> dict[str, str]:
    """The service's variables and nothing of ours, with `swaps` for what only exists among containers."""
    values = dict(service.environment)
    for name, value in values.items():
        for text, here in swaps.items():
            value = value.replace(text, here)
        values[name] = value
    return {**values, "PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(home)}


def run(command: tuple[str, ...], variables: Mapping[str, str], folder: Path) -> str:
    outcome = subprocess.run(
        command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="module")
def server(stack: Stack) -> Iterator[PostgresServer]:
    """A server as the official image starts it: the superuser's password from `.env`, and Airflow's database."""
    state = Path(tempfile.mkdtemp(prefix="marketpulse-compose-"))
    state.chmod(0o755)
    password = stack.services["postgres"].environment["POSTGRES_PASSWORD"]
    server = PostgresServer(
        place("postgres", state=state, stack_id=state.name),
        port=free_port(),
        password=password,
        options={"fsync": "off", "full_page_writes": "off"},
        log=state / "postgres.log",
    )
    try:
        server.initialise()
        server.start()
        airflow = stack.services["airflow-postgres"].environment
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE airflow LOGIN PASSWORD '{airflow['POSTGRES_PASSWORD']}'")
            connection.execute("CREATE DATABASE airflow OWNER airflow")
        yield server
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)


def test_migrate_makes_roles_and_schema_and_can_be_repeated(
    stack: Stack, server: PostgresServer, tmp_path: Path
) -> None:
    service = stack.services["migrate"]
    variables = environment(service, home=tmp_path, swaps={"@postgres:5432": f"@127.0.0.1:{server.port}"})
    assert "applied 0001_schemas" in run(service.command, variables, tmp_path)
    assert "nothing to apply" in run(service.command, variables, tmp_path)
    for role in ("OWNER", "WRITER", "OPERATIONS", "READER"):
        with psycopg.connect(variables[f"MARKETPULSE_{role}_DSN"]) as connection:
            assert connection.info.user == f"marketpulse_{role.lower()}"


def test_airflow_init_writes_the_login_and_migrates(stack: Stack, server: PostgresServer, tmp_path: Path) -> None:
    service = stack.services["airflow-db-migrate"]
    swaps = {
        "@airflow-postgres:5432": f"@127.0.0.1:{server.port}",
        "/var/lib/marketpulse": str(tmp_path),
    }
    variables = environment(service, home=tmp_path, swaps=swaps) | {"AIRFLOW_HOME": str(tmp_path / "airflow")}
    command = tuple(word.replace("/opt/marketpulse/compose", str(ROOT / "compose")) for word in service.command)
    run(command, variables, tmp_path)
    passwords = Path(variables["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    assert json.loads(passwords.read_text(encoding="utf-8")) == {"admin": variables["MARKETPULSE_AIRFLOW_PASSWORD"]}
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    with psycopg.connect(server.dsn().rpartition("/")[0] + "/airflow") as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


@pytest.fixture
def broker(stack: Stack, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Kafka from the container's variables, read by the image's rule: bootstrap address and data folder."""
    service, port, controller, inside = stack.services["kafka"], free_port(), free_port(), free_port()
    swaps = {
        "INTERNAL://:19092": f"INTERNAL://127.0.0.1:{inside}",
        "INTERNAL://kafka:19092": f"INTERNAL://127.0.0.1:{inside}",
        "HOST://:9092": f"HOST://127.0.0.1:{port}",
        "HOST://localhost:9092": f"HOST://127.0.0.1:{port}",
        "CONTROLLER://:9093": f"CONTROLLER://127.0.0.1:{controller}",
        "1@kafka:9093": f"1@127.0.0.1:{controller}",
        "/var/lib/kafka/data": str(tmp_path / "data"),
    }
    variables = environment(service, home=tmp_path, swaps=swaps)
    properties = tmp_path / "server.properties"
    properties.write_text("".join(f"{line}\n" for line in _properties(variables)), encoding="utf-8")
    java = find_java()
    install_jars(java, tmp_path / "jars")
    tool = [str(java.executable), "-Xmx256m", "-cp", f"{tmp_path / 'jars' / KAFKA}/*"]
    formatting = [*tool, "kafka.tools.StorageTool", "format", "-t", variables["CLUSTER_ID"], "-c", str(properties)]
    run(tuple(formatting), variables, tmp_path)
    with (tmp_path / "kafka.log").open("w") as log:
        process = subprocess.Popen([*tool, "kafka.Kafka", str(properties)], cwd=tmp_path, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while not broker_answers(f"127.0.0.1:{inside}"):
                assert process.poll() is None, (tmp_path / "kafka.log").read_text(encoding="utf-8")[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.2)
            yield f"127.0.0.1:{inside}", tmp_path / "data"
        finally:
            process.terminate()
            process.wait(30)


def _properties(variables: Mapping[str, str]) -> Iterator[str]:
    """The image's rule: KAFKA_A_B is a.b; two underscores are one, three a dash."""
    for name, value in variables.items():
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS":
            key = name.removeprefix("KAFKA_").lower()
            key = key.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")
            yield f"{key}={value}"


def test_topics_are_made_on_the_broker_of_the_container(stack: Stack, broker: tuple[str, Path], tmp_path: Path) -> None:
    bootstrap, data = broker
    service = stack.services["topics"]
    variables = environment(service, home=tmp_path, swaps={"kafka:19092": bootstrap})
    run(service.command, variables, tmp_path)
    run(service.command, variables, tmp_path)
    found = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
    assert len(found[EVENT_TOPIC].partitions) == int(variables["MARKETPULSE_KAFKA_PARTITIONS"])
    assert DEAD_LETTER_TOPIC in found
    cluster = f"cluster.id={stack.services['kafka'].environment['CLUSTER_ID']}"
    assert cluster in (data / "meta.properties").read_text(encoding="utf-8")


def test_the_simulator_answers_its_health_check_and_stops(stack: Stack, tmp_path: Path) -> None:
    service, port, control = stack.services["simulator"], free_port(), free_port()
    swaps = {"=8090": f"={port}", "=8091": f"={control}", ":8091": f":{control}", "/var/lib/marketpulse": str(tmp_path)}
    command, address = [*service.command, "--host=127.0.0.1"], service.health_check[-1]
    for text, here in swaps.items():
        command, address = [word.replace(text, here) for word in command], address.replace(text, here)
    variables = environment(service, home=tmp_path, swaps={})
    process = subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        assert _answers(address, process)
        key = {"APCA-API-KEY-ID": stack.services["airflow-scheduler"].environment["MARKETPULSE_API_KEY"]}
        asked = {"symbols": "AAPL", "feed": "round_the_clock"}
        face = f"http://127.0.0.1:{port}/alpaca/v2/stocks/snapshots"
        headers = key | {"APCA-API-SECRET-KEY": "simulated"}
        assert requests.get(face, params=asked, headers=headers, timeout=10).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)


def _answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return requests.get(address, timeout=5).ok
        except requests.ConnectionError:
            time.sleep(0.2)
    return False


class _Airflow(BaseHTTPRequestHandler):
    """The health page of an Airflow whose triggerer is dead."""

    def do_GET(self) -> None:
        body = json.dumps({"dag_processor": {"status": "healthy"}, "triggerer": {"status": "unhealthy"}}).encode()
        self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is not a log."""


@pytest.mark.parametrize(("component", "status"), [("dag_processor", 0), ("triggerer", 1)])
def test_the_health_check_of_airflow_tells_healthy_from_dead(component: str, status: int) -> None:
    with HTTPServer(("127.0.0.1", 0), _Airflow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script = [sys.executable, str(ROOT / "compose" / "airflow_health.py")]
        url = f"http://127.0.0.1:{server.server_port}"
        outcome = subprocess.run([*script, url, component], check=False, capture_output=True, text=True, timeout=30)
        server.shutdown()
    assert outcome.returncode == status, outcome.stderr


def test_pgadmin_finds_the_password_of_every_server_it_registers(stack: Stack, tmp_path: Path) -> None:
    text = (ROOT / "compose" / "pgadmin-start.sh").read_text(encoding="utf-8")
    script = tmp_path / "start.sh"
    script.write_text(
        text.replace("/var/lib/pgadmin", str(tmp_path)).replace("exec /entrypoint.sh", "exec echo started"),
        encoding="utf-8",
    )
    variables = environment(stack.services["pgadmin"], home=tmp_path, swaps={})
    assert run(("sh", str(script)), variables, tmp_path).strip() == "started"

    storage = tmp_path / "storage" / variables["PGADMIN_DEFAULT_EMAIL"].replace("@", "_")
    passwords = storage / ".pgpass"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    known = {tuple(line.split(":")[index] for index in (0, 1, 3)) for line in passwords.read_text().splitlines()}
    servers = json.loads((ROOT / "compose" / "pgadmin-servers.json").read_text(encoding="utf-8"))["Servers"]
    for server in servers.values():
        assert server["Host"] in stack.services
        assert (server["Host"], str(server["Port"]), server["Username"]) in known
        assert server["ConnectionParameters"]["passfile"] == "/.pgpass"
