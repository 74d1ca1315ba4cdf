"""One embedded stack, wired: every component with its place, ports and secrets, and what all of them share."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dotenv import dotenv_values

from marketpulse.errors import OperatorError
from marketpulse.local.airflow import ADMIN, Airflow
from marketpulse.local.airflow_api import AirflowApi
from marketpulse.local.credentials import Credentials, load
from marketpulse.local.jars import SPARK, spark_home
from marketpulse.local.java import Java
from marketpulse.local.kafka import KafkaBroker
from marketpulse.local.layout import Layout, project_dir, scripts_dir
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.plan import Plan, load_plan
from marketpulse.local.postgres import PostgresServer, place
from marketpulse.local.program import COMPONENT_VARIABLE, OF_UP, STACK_VARIABLE, Program
from marketpulse.local.spark import SparkCluster
from marketpulse.settings import PERSONS_FILE, STATE_DIR_VARIABLE, Settings, load_settings
from marketpulse.warehouse.roles import RolePasswords

POSTGRES, AIRFLOW_POSTGRES, SIMULATOR = "postgres", "airflow-postgres", "simulator"
DATABASE = "marketpulse"
ROLES = ("owner", "writer", "operations", "reader")

POSTGRES_OPTIONS = {
    "max_connections": "80",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    # A day that has just landed has its statistics before it is rolled up and checked.
    "autovacuum_naptime": "10s",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "max_locks_per_transaction": "256",
}
AIRFLOW_POSTGRES_OPTIONS = {"max_connections": "100", "shared_buffers": "48MB", "work_mem": "4MB"}


@dataclass(frozen=True)
class Blueprint:
    """Built from what is stored, so that `up`, `down`, `status` and the demo see the same stack."""

    layout: Layout
    plan: Plan
    credentials: Credentials

    @classmethod
    def stored(cls, layout: Layout) -> "Blueprint | None":
        """The stack of the last start, None when there was none."""
        plan, credentials = load_plan(layout.plan), load(layout.secrets)
        return cls(layout, plan, credentials) if plan and credentials else None

    @cached_property
    def postgres(self) -> PostgresServer:
        """The market's server."""
        return self._server(POSTGRES, self.plan.ports.postgres, self.credentials.superuser, POSTGRES_OPTIONS)

    @cached_property
    def airflow_postgres(self) -> PostgresServer:
        """Airflow's metadata, apart: the market's server may die and Airflow goes on."""
        ports, secret = self.plan.ports, self.credentials.airflow_database
        return self._server(AIRFLOW_POSTGRES, ports.airflow_postgres, secret, AIRFLOW_POSTGRES_OPTIONS)

    @cached_property
    def kafka(self) -> KafkaBroker:
        return KafkaBroker(self.layout, self.java, self.plan.ports)

    @cached_property
    def spark(self) -> SparkCluster:
        return SparkCluster(self.layout, self.plan.ports)

    @cached_property
    def airflow(self) -> Airflow:
        return Airflow(self.layout, self.plan.ports, self.credentials, self.airflow_postgres)

    @property
    def java(self) -> Java:
        return Java(Path(self.plan.java), self.plan.java_version)

    @property
    def role_passwords(self) -> RolePasswords:
        secret = self.credentials
        return RolePasswords(
            owner=secret.owner, writer=secret.writer, operations=secret.operations, reader=secret.reader
        )

    def dsn(self, role: str) -> str:
        """The market's database for one of the four roles."""
        return self.postgres.dsn(f"marketpulse_{role}", getattr(self.credentials, role), DATABASE)

    @property
    def simulator_url(self) -> str:
        return f"http://{LOOPBACK}:{self.plan.ports.simulator}"

    @property
    def control_url(self) -> str:
        """The simulator's control API, which is the market's clock too."""
        return f"http://{LOOPBACK}:{self.plan.ports.simulator_control}"

    def airflow_api(self) -> AirflowApi:
        return AirflowApi(self.airflow.url, ADMIN, self.credentials.airflow_admin)

    def settings(self) -> dict[str, str]:
        """The settings of this stack, for its processes and, in `stack.env`, for the command line."""
        own = {
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "SPARK_MASTER": self.spark.master_url,
            "SPARK_JARS_DIR": str(self.layout.jars / SPARK),
            "POSTGRES_DATA_DIR": str(self.postgres.home.data_dir),
            "BACKUP_DIR": str(self.layout.backups),
            "REPORT_DIR": str(self.layout.reports),
            "AIRFLOW_METADATA_DSN": self.airflow_postgres.dsn(),
            "AIRFLOW_URL": self.airflow.url,
            "AIRFLOW_USER": ADMIN,
            "AIRFLOW_PASSWORD": self.credentials.airflow_admin,
            **{f"{role.upper()}_DSN": self.dsn(role) for role in ROLES},
        }
        simulated = {
            "PROVIDER": "alpaca",
            "PROVIDER_URL": f"{self.simulator_url}/alpaca",
            "API_KEY": "premium-local",
            "API_SECRET": "local",
            "FEED": "round_the_clock",
            "CALENDAR": "24/7",
            "SYNTHETIC": "true",
            "MARKET_CLOCK": self.control_url,
            "PRODUCER_SCHEDULE": "manual",
        }
        chosen = own | (simulated if self.plan.simulated else {})
        return {f"MARKETPULSE_{name}": value for name, value in chosen.items()}

    def loaded_settings(self) -> Settings:
        """A person's settings, with this stack's own on top."""
        own = {name.removeprefix("MARKETPULSE_").lower(): value for name, value in self.settings().items()}
        return load_settings(**own)

    def environment(self, base: Mapping[str, str] = os.environ, env_file: Path = PERSONS_FILE) -> dict[str, str]:
        """What every process of the stack inherits. A person's own settings pass through where ours do not rule."""
        inherited = {
            name: value for name, value in base.items() if not name.startswith(("AIRFLOW", "SPARK_", "PYSPARK_"))
        }
        from_file = {name: value for name, value in dotenv_values(env_file).items() if value and name.startswith(_OURS)}
        spark = spark_home()
        return {
            **from_file,
            **inherited,
            **self.settings(),
            **self.airflow.environment(),
            STATE_DIR_VARIABLE: str(self.layout.state),
            STACK_VARIABLE: self.credentials.stack_id,
            COMPONENT_VARIABLE: OF_UP,
            "PATH": os.pathsep.join(
                [str(scripts_dir()), str(self.java.executable.parent), base.get("PATH", os.defpath)]
            ),
            "JAVA_HOME": str(self.java.home),
            "SPARK_HOME": str(spark),
            "SPARK_LOCAL_IP": LOOPBACK,
            # For the driver, which plans small batches: the optimising compiler would take a third of its start.
            "SPARK_SUBMIT_OPTS": "-XX:TieredStopAtLevel=1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYTHONUNBUFFERED": "1",
            "TZ": "UTC",
            **_without_a_proxy(base),
        }

    def programs(self) -> tuple[Program, ...]:
        """Every component that the supervisor runs."""
        return (
            self._postgres_program(POSTGRES, self.postgres),
            self._postgres_program(AIRFLOW_POSTGRES, self.airflow_postgres),
            self.kafka.program(),
            *self.spark.programs(),
            *((self._simulator_program(),) if self.plan.simulated else ()),
            *self.airflow.programs(),
        )

    def _server(self, name: str, port: int, password: str, options: dict[str, str]) -> PostgresServer:
        home = place(name, state=self.layout.state, stack_id=self.credentials.stack_id)
        return PostgresServer(home, port=port, password=password, options=options, log=self.layout.log(name))

    def _postgres_program(self, name: str, server: PostgresServer) -> Program:
        # A clean environment: under root the server belongs to an account that must not read the stack's secrets.
        marks = {STACK_VARIABLE: self.credentials.stack_id, COMPONENT_VARIABLE: name}
        assignments = [f"{key}={value}" for key, value in {"PATH": os.defpath, "LC_ALL": "C", **marks}.items()]
        account = server.home.account
        return Program(
            name,
            ("env", "-i", *assignments, *server.command()),
            directory=server.home.data_dir,
            stop_signal="INT",
            stop_wait_s=15,
            account=account.name if account else None,
        )

    def _simulator_program(self) -> Program:
        ports = self.plan.ports
        command = (str(scripts_dir() / "marketpulse"), "simulate", "--host", LOOPBACK)
        listen = ("--port", str(ports.simulator), "--control-port", str(ports.simulator_control))
        # One that is started again after a crash goes on at its market time, and with its tapes.
        state = ("--state", str(self.layout.simulator_state))
        return Program(SIMULATOR, (*command, *listen, *state), directory=project_dir(), stop_wait_s=5)


_OURS = ("MARKETPULSE_", "API_KEY", "API_SECRET")


def _without_a_proxy(base: Mapping[str, str]) -> dict[str, str]:
    """The parts of a stack talk to each other directly. Both spellings are in use, and some read only one."""
    named = [host for name in ("no_proxy", "NO_PROXY") for host in base.get(name, "").split(",") if host.strip()]
    hosts = ",".join(dict.fromkeys([*named, LOOPBACK, "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def running_blueprint(layout: Layout) -> Blueprint:
    """The stored stack. Raises OperatorError when there is none."""
    blueprint = Blueprint.stored(layout)
    if blueprint is None:
        raise OperatorError("there is no stack here: run 'make up' first")
    return blueprint
