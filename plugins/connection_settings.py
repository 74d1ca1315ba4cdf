"""Settings whose addresses and passwords come from Airflow's Connections, so operators edit them in the web UI.

Everything else (symbols, intervals, folders) stays in MarketPulse's own settings. For task code only: Airflow's API
is asked for the Connections, and it masks their passwords in every log.
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from marketpulse.errors import OperatorError
from marketpulse.settings import Settings, load_settings

KAFKA = "kafka_default"
OPERATIONS = "marketpulse_operations"
OWNER = "marketpulse_owner"
SPARK = "spark_default"
WRITER = "marketpulse_writer"

_FIELDS = {
    KAFKA: "kafka_bootstrap",
    OPERATIONS: "operations_dsn",
    OWNER: "owner_dsn",
    SPARK: "spark_master",
    WRITER: "writer_dsn",
}


def connection_settings(*connection_ids: str) -> Settings:
    """Settings with the named Connections applied; by default Kafka's and the operations role's.

    Raises OperatorError when a Connection is missing or incomplete.
    """
    names = connection_ids or (KAFKA, OPERATIONS)
    return load_settings(**{_FIELDS[name]: _value(name) for name in names})


def child_environment(**variables: str) -> dict[str, str]:
    """The environment of a child process: ours without Airflow's own secrets, and with `variables`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    return {**inherited, "PATH": command_path(), **variables}


def command_path() -> str:
    """PATH with the folder of this Python first, where `marketpulse` and `spark-submit` are installed."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _value(connection_id: str) -> str:
    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        raise OperatorError(
            f"Airflow has no connection {connection_id}: add it under Admin > Connections, or run 'marketpulse up'"
        ) from None
    if connection_id == KAFKA:
        return _bootstrap(connection)
    return _master(connection) if connection_id == SPARK else connection_dsn(connection)


def _bootstrap(connection: Connection) -> str:
    bootstrap = connection.extra_dejson.get("bootstrap.servers")
    if not bootstrap:
        raise OperatorError(f"connection {connection.conn_id} needs 'bootstrap.servers' in its extra fields")
    return str(bootstrap)


def _master(connection: Connection) -> str:
    if not (connection.host and connection.port):
        raise OperatorError(f"connection {connection.conn_id} needs a host (spark://...) and a port")
    host = connection.host.removeprefix("spark://")
    return f"spark://{host}:{connection.port}"


def connection_dsn(connection: Connection) -> str:
    """A Postgres Connection as a DSN, its password included."""
    if not (connection.host and connection.login and connection.schema):
        raise OperatorError(f"connection {connection.conn_id} needs a host, a login and a database name")
    login, password = quote(connection.login, safe=""), quote(connection.password or "", safe="")
    return f"postgresql://{login}:{password}@{connection.host}:{connection.port or 5432}/{connection.schema}"
