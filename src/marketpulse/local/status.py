"""What is running: every component with its address, its process and whether it answers."""

import contextlib
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psutil
import requests

from marketpulse.errors import MarketPulseError
from marketpulse.local import airflow, kafka, processes, spark, supervisor
from marketpulse.local.airflow import ADMIN
from marketpulse.local.blueprint import AIRFLOW_POSTGRES, POSTGRES, ROLES, SIMULATOR, Blueprint
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.program import COMPONENT_VARIABLE
from marketpulse.local.supervisor import Supervisor

HTTP_TIMEOUT_S = 3.0


class ComponentStatus(msgspec.Struct, frozen=True):
    """One component. `healthy` means that it answers, not only that its process is there."""

    address: str
    pid: int | None
    healthy: bool


class AirflowLogin(msgspec.Struct, frozen=True):
    """`password_file` is Airflow's own JSON file: user name to password."""

    url: str
    user: str
    password_file: str


class StackStatus(msgspec.Struct, frozen=True):
    """Exactly what `marketpulse status --json` prints."""

    components: dict[str, ComponentStatus]
    postgres: dict[str, str]
    kafka: str
    airflow: AirflowLogin

    @property
    def running(self) -> bool:
        """Whether anything of it is there."""
        return any(component.pid is not None for component in self.components.values())

    @property
    def healthy(self) -> bool:
        return all(component.healthy for component in self.components.values())


def stack_status(blueprint: Blueprint) -> StackStatus:
    """Ask every component at once; takes at most a few seconds when some do not answer."""
    addresses = _addresses(blueprint)
    pids = _pids(blueprint)
    # Somebody else's server may answer at the address of one that is gone.
    probes = {name: probe if name in pids else _absent for name, probe in _probes(blueprint).items()}
    with ThreadPoolExecutor(len(probes)) as pool:
        answers = dict(zip(probes, pool.map(lambda probe: probe(), probes.values()), strict=True))
    return StackStatus(
        components={name: ComponentStatus(addresses[name], pids.get(name), answers[name]) for name in sorted(probes)},
        postgres={role: blueprint.dsn(role) for role in ROLES},
        kafka=blueprint.kafka.bootstrap,
        airflow=AirflowLogin(blueprint.airflow.url, ADMIN, str(blueprint.layout.airflow_passwords)),
    )


def component_answers(blueprint: Blueprint, name: str) -> bool:
    """Whether one component answers."""
    return _probes(blueprint)[name]()


def _addresses(blueprint: Blueprint) -> dict[str, str]:
    ports, url = blueprint.plan.ports, blueprint.airflow.url
    return {
        kafka.NAME: blueprint.kafka.bootstrap,
        spark.MASTER: blueprint.spark.master_url,
        spark.WORKER: f"http://{LOOPBACK}:{ports.spark_worker_ui}",
        POSTGRES: f"{LOOPBACK}:{ports.postgres}",
        AIRFLOW_POSTGRES: f"{LOOPBACK}:{ports.airflow_postgres}",
        airflow.API_SERVER: url,
        airflow.SCHEDULER: url,
        airflow.DAG_PROCESSOR: url,
        airflow.TRIGGERER: url,
        airflow.LOG_SERVER: f"http://{LOOPBACK}:{ports.airflow_log}",
        **({SIMULATOR: blueprint.simulator_url} if blueprint.plan.simulated else {}),
        supervisor.NAME: f"unix://{supervisor.socket_path(blueprint.layout.state)}",
    }


def _probes(blueprint: Blueprint) -> Mapping[str, Callable[[], bool]]:
    ports = blueprint.plan.ports
    airflow_parts = _AirflowParts(blueprint)
    return {
        kafka.NAME: blueprint.kafka.answers,
        spark.MASTER: lambda: _says(f"http://{LOOPBACK}:{ports.spark_master_ui}/json/", '"status" : "ALIVE"'),
        spark.WORKER: lambda: _says(f"http://{LOOPBACK}:{ports.spark_worker_ui}/json/", '"masterurl"'),
        POSTGRES: blueprint.postgres.answers,
        AIRFLOW_POSTGRES: blueprint.airflow_postgres.answers,
        airflow.API_SERVER: lambda: _says(f"{blueprint.airflow.url}/api/v2/version", '"version"'),
        airflow.SCHEDULER: lambda: airflow_parts.healthy("scheduler"),
        airflow.DAG_PROCESSOR: lambda: airflow_parts.healthy("dag_processor"),
        airflow.TRIGGERER: lambda: airflow_parts.healthy("triggerer"),
        airflow.LOG_SERVER: lambda: _listens(ports.airflow_log),
        **({SIMULATOR: lambda: _says(f"{blueprint.control_url}/healthz", "")} if blueprint.plan.simulated else {}),
        supervisor.NAME: lambda: Supervisor(blueprint.layout).pid() is not None,
    }


def _absent() -> bool:
    return False


class _AirflowParts:
    """Airflow's own view of its components."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint

    def healthy(self, part: str) -> bool:
        with contextlib.suppress(MarketPulseError):
            return self._blueprint.airflow_api().health().get(part, False)
        return False


def _says(url: str, expected: str) -> bool:
    with requests.Session() as http:
        http.trust_env = False
        try:
            answer = http.get(url, timeout=HTTP_TIMEOUT_S)
        except requests.RequestException:
            return False
    return answer.ok and expected in answer.text


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(HTTP_TIMEOUT_S)
        return caller.connect_ex((LOOPBACK, port)) == 0


def _pids(blueprint: Blueprint) -> dict[str, int]:
    """From the supervisor; when it is gone, from the marks that the processes carry."""
    running = Supervisor(blueprint.layout)
    pid = running.pid()
    if pid is not None:
        found = {program.name: program.pid for program in running.programs() if program.pid is not None}
        return {**found, supervisor.NAME: pid}
    oldest: dict[str, int] = {}
    for process in processes.find(blueprint.credentials.stack_id):
        with contextlib.suppress(psutil.Error):
            oldest.setdefault(process.environ().get(COMPONENT_VARIABLE, ""), process.pid)
    return oldest
