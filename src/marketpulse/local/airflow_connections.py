"""The Connections through which DAGs reach Kafka, Spark and Postgres: made at start, editable in Airflow's web UI."""

import json

from marketpulse.local.airflow_api import AirflowConnection
from marketpulse.local.blueprint import DATABASE, Blueprint
from marketpulse.local.ports import LOOPBACK


def connections(blueprint: Blueprint) -> tuple[AirflowConnection, ...]:
    """Every Connection of the stack, with its present addresses and passwords."""
    kafka = {"bootstrap.servers": blueprint.kafka.bootstrap, "group.id": "marketpulse-airflow"}
    return (
        AirflowConnection("kafka_default", "kafka", extra=json.dumps(kafka)),
        AirflowConnection(
            "spark_default",
            "spark",
            host=f"spark://{LOOPBACK}",
            port=blueprint.plan.ports.spark_master,
            extra=json.dumps({"deploy-mode": "client"}),
        ),
        *(_postgres(blueprint, role) for role in ("owner", "writer", "operations")),
    )


def _postgres(blueprint: Blueprint, role: str) -> AirflowConnection:
    return AirflowConnection(
        f"marketpulse_{role}",
        "postgres",
        host=LOOPBACK,
        port=blueprint.plan.ports.postgres,
        login=f"marketpulse_{role}",
        password=getattr(blueprint.credentials, role),
        schema=DATABASE,
    )
