import os
import shutil

import pytest

from connection_settings import KAFKA, OPERATIONS, OWNER, SPARK, WRITER, child_environment, connection_settings
from marketpulse.errors import OperatorError


@pytest.mark.usefixtures("connections")
def test_addresses_and_passwords_come_from_the_connections() -> None:
    settings = connection_settings(KAFKA, OPERATIONS, OWNER, SPARK, WRITER)
    assert settings.kafka_bootstrap == "127.0.0.1:19092"
    assert settings.spark_master == "spark://127.0.0.1:17077"
    assert settings.writer_dsn.get_secret_value() == (
        "postgresql://marketpulse_writer:wr%2Fiter-secret@127.0.0.1:15432/marketpulse"
    )
    assert settings.owner_dsn.get_secret_value() == (
        "postgresql://marketpulse_owner:o%40wn@127.0.0.1:15432/marketpulse"
    )


def test_a_missing_connection_is_named() -> None:
    with pytest.raises(OperatorError, match="no connection marketpulse_writer: add it under Admin"):
        connection_settings(WRITER)


@pytest.mark.parametrize(
    ("name", "value", "needs"),
    [
        ("KAFKA_DEFAULT", '{"conn_type": "kafka"}', "bootstrap.servers"),
        ("SPARK_DEFAULT", '{"conn_type": "spark", "host": "spark://h"}', "a port"),
        ("MARKETPULSE_OWNER", "postgresql://127.0.0.1/marketpulse", "a login"),
    ],
)
def test_an_incomplete_connection_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, needs: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", value)
    with pytest.raises(OperatorError, match=needs):
        connection_settings(name.lower())


def test_a_child_gets_none_of_airflow_s_secrets_and_finds_our_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    monkeypatch.setenv("PATH", os.defpath)
    environment = child_environment(MARKETPULSE_FEED="iex")
    assert not [name for name in environment if name.startswith("AIRFLOW")]
    assert environment["MARKETPULSE_FEED"] == "iex"
    assert shutil.which("spark-submit", path=environment["PATH"])
