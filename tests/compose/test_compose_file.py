"""The Compose file is valid, complete after `cp .env.example .env`, and every service looks after itself."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.compose.conftest import ROOT, resolve
from tests.compose.stack import Stack

SCHEMA = Path(__file__).with_name("specification") / "compose-spec.json"
LONG_RUNNING = {
    "airflow-api-server",
    "airflow-dag-processor",
    "airflow-postgres",
    "airflow-scheduler",
    "airflow-triggerer",
    "kafka",
    "kafka-ui",
    "pgadmin",
    "postgres",
    "simulator",
    "spark-master",
    "spark-worker",
}
ONE_SHOT = {"airflow-db-migrate", "connect", "migrate", "topics"}


def test_it_follows_the_compose_specification() -> None:
    document = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_specification_would_refuse_a_wrong_key() -> None:
    document = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
    document["services"]["kafka"]["health_check"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_every_service_is_there(stack: Stack) -> None:
    assert set(stack.services) == LONG_RUNNING | ONE_SHOT
    assert {name for name, service in stack.services.items() if service.ends} == ONE_SHOT


def test_without_a_dot_env_it_says_what_to_do(project: Path, tmp_path: Path) -> None:
    shutil.copy(project / "docker-compose.yaml", tmp_path)
    outcome = resolve(tmp_path)
    assert outcome.returncode != 0
    assert "copy .env.example to .env first" in outcome.stderr


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_a_long_running_service_is_checked_limited_and_restarted(stack: Stack, name: str) -> None:
    service = stack.services[name]
    assert service.health_check[0] == "CMD"
    assert service.restart == "unless-stopped"
    assert service.fields["mem_limit"]
    assert service.fields["logging"]["options"]["max-size"]


def test_every_wait_can_end(stack: Stack) -> None:
    for service in stack.services.values():
        for other, condition in service.depends_on.items():
            wanted = "service_completed_successfully" if stack.services[other].ends else "service_healthy"
            assert condition == wanted, f"{service.name} waits for {other}"
        assert service.name not in stack.needs(service.name)


def test_data_can_flow_when_the_last_step_runs(stack: Stack) -> None:
    idle = {"kafka-ui", "pgadmin", "airflow-triggerer", "connect"}
    assert stack.needs("connect") == (LONG_RUNNING | ONE_SHOT) - idle


def test_images_are_pinned_by_version_and_maintained(stack: Stack) -> None:
    for service in stack.services.values():
        name, _, tag = service.image.rpartition(":")
        assert any(digit.isdigit() for digit in tag), service.image
        assert "bitnami" not in name
        assert "provectus" not in name


def test_ports_are_those_of_the_documents_and_of_this_machine_only(stack: Stack) -> None:
    published = {}
    for service in stack.services.values():
        for port in service.ports:
            address, host, _ = port.split(":")
            assert address == "127.0.0.1"
            assert host not in published
            published[host] = service.name
    asked_for = {
        "8080": "airflow-api-server",
        "8081": "spark-master",
        "8085": "kafka-ui",
        "5050": "pgadmin",
        "9092": "kafka",
        "5432": "postgres",
    }
    assert asked_for.items() <= published.items()


def test_named_volumes_are_declared_and_used(stack: Stack) -> None:
    used = {volume.partition(":")[0] for service in stack.services.values() for volume in service.volumes}
    assert {name for name in used if not name.startswith(".")} == stack.volumes


def test_everything_with_data_has_a_volume(stack: Stack) -> None:
    targets = {name: [volume.split(":")[1] for volume in service.volumes] for name, service in stack.services.items()}
    assert stack.services["kafka"].environment["KAFKA_LOG_DIRS"] in targets["kafka"]
    for database in ("postgres", "airflow-postgres"):
        assert "/var/lib/postgresql/data" in targets[database]
