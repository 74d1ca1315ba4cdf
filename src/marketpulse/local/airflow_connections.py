"""The Connections through which DAGs reach Kafka, Spark and Postgres: made at start, editable in Airflow's web UI."""

import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.airflow_api import AirflowApi, AirflowConnection
from marketpulse.local.blueprint import DATABASE
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.pipeline_dags import PIPELINE_DAGS
from marketpulse.settings import Settings

PARSING_TIMEOUT_S = 300.0
PAUSE_S = 1.0


def connect_airflow(
    settings: Settings, *, timeout_s: float = PARSING_TIMEOUT_S, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Give the Airflow of the settings its Connections and unpause every DAG, once all are parsed. Repeatable.

    For containers, where nothing else starts the DAGs. Raises OperatorError when a setting is missing or Airflow
    refuses, RetriableError when it does not answer or has not parsed the DAGs in time.
    """
    password = settings.airflow_password.get_secret_value()
    if not password:
        raise OperatorError("MARKETPULSE_AIRFLOW_PASSWORD is empty: set the password of Airflow's web UI")
    api = AirflowApi(settings.airflow_url, settings.airflow_user, password)
    api.put_connections(*connections_of(settings))
    _wait_for_dags(api, timeout_s=timeout_s, sleep=sleep)
    for dag_id in PIPELINE_DAGS:
        api.unpause(dag_id)


def connections_of(settings: Settings) -> tuple[AirflowConnection, ...]:
    """Every Connection, with the addresses and passwords of the settings."""
    kafka = {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "marketpulse-airflow"}
    master = urlsplit(settings.spark_master)
    dsns = {"owner": settings.owner_dsn, "writer": settings.writer_dsn, "operations": settings.operations_dsn}
    return (
        AirflowConnection("kafka_default", "kafka", extra=json.dumps(kafka)),
        AirflowConnection(
            "spark_default",
            "spark",
            host=f"spark://{master.hostname}",
            port=master.port,
            extra=json.dumps({"deploy-mode": "client"}),
        ),
        *(_postgres_of(f"marketpulse_{role}", _given(role, dsn.get_secret_value())) for role, dsn in dsns.items()),
        *(_postgres_of("airflow_metadata", dsn) for dsn in (settings.airflow_metadata_dsn.get_secret_value(),) if dsn),
    )


def _wait_for_dags(api: AirflowApi, *, timeout_s: float, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + timeout_s
    while missing := set(PIPELINE_DAGS) - api.dag_ids():
        if time.monotonic() > deadline:
            why = "; ".join(api.import_errors()) or "see the log of airflow-dag-processor"
            raise RetriableError(f"Airflow has not parsed {', '.join(sorted(missing))}: {why}")
        sleep(PAUSE_S)


def _given(role: str, dsn: str) -> str:
    if not dsn:
        raise OperatorError(f"MARKETPULSE_{role.upper()}_DSN is empty: set the address of the market's Postgres")
    return dsn


def _postgres_of(connection_id: str, dsn: str) -> AirflowConnection:
    parts = conninfo_to_dict(dsn)
    return AirflowConnection(
        connection_id,
        "postgres",
        host=str(parts.get("host", LOOPBACK)),
        port=int(str(parts.get("port", 5432))),
        login=str(parts.get("user", "")),
        password=str(parts.get("password", "")),
        schema=str(parts.get("dbname", DATABASE)),
    )
