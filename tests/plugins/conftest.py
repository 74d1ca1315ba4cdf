"""Airflow is pointed at its temporary home before the first test module imports it."""

import pytest
import tests.airflow_home  # noqa: F401

CONNECTIONS = {
    "KAFKA_DEFAULT": '{"conn_type": "kafka", "extra": {"bootstrap.servers": "127.0.0.1:19092"}}',
    "SPARK_DEFAULT": '{"conn_type": "spark", "host": "spark://127.0.0.1", "port": 17077}',
    "MARKETPULSE_OWNER": "postgresql://marketpulse_owner:o%40wn@127.0.0.1:15432/marketpulse",
    "MARKETPULSE_WRITER": "postgresql://marketpulse_writer:wr%2Fiter-secret@127.0.0.1:15432/marketpulse",
    "MARKETPULSE_OPERATIONS": "postgresql://marketpulse_operations:operations-secret@127.0.0.1:15432/marketpulse",
}


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Connections that `up` creates, as Airflow's environment variables."""
    for name, value in CONNECTIONS.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", value)
