"""Settings whose addresses and passwords come from Airflow's Connections, so operators edit them in the web UI.

Everything else (symbols, intervals, folders) stays in MarketPulse's own settings.
"""

from urllib.parse import quote

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from marketpulse.errors import OperatorError
from marketpulse.settings import Settings, load_settings

KAFKA = "kafka_default"
POSTGRES_FIELDS = {
    "marketpulse_owner": "owner_dsn",
    "marketpulse_writer": "writer_dsn",
    "marketpulse_operations": "operations_dsn",
}


def connection_settings(*connection_ids: str) -> Settings:
    """Settings with the named Connections applied; by default Kafka's and the operations role's.

    For task code only (it asks Airflow's API). Raises OperatorError when a Connection is missing or incomplete.
    """
    names = connection_ids or (KAFKA, "marketpulse_operations")
    return load_settings(**{_field(name): _value(name) for name in names})


def _field(connection_id: str) -> str:
    return "kafka_bootstrap" if connection_id == KAFKA else POSTGRES_FIELDS[connection_id]


def _value(connection_id: str) -> str:
    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        raise OperatorError(
            f"Airflow has no connection {connection_id}: add it under Admin > Connections, or run 'marketpulse up'"
        ) from None
    return _bootstrap(connection) if connection_id == KAFKA else _dsn(connection)


def _bootstrap(connection: Connection) -> str:
    bootstrap = connection.extra_dejson.get("bootstrap.servers")
    if not bootstrap:
        raise OperatorError(f"connection {connection.conn_id} needs 'bootstrap.servers' in its extra fields")
    return str(bootstrap)


def _dsn(connection: Connection) -> str:
    if not (connection.host and connection.login and connection.schema):
        raise OperatorError(f"connection {connection.conn_id} needs a host, a login and a database name")
    login, password = quote(connection.login, safe=""), quote(connection.password or "", safe="")
    return f"postgresql://{login}:{password}@{connection.host}:{connection.port or 5432}/{connection.schema}"
