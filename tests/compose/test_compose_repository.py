"""Every path, command and variable of the containers exists: in the repository, the settings, Airflow or Spark."""

import fnmatch
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
import yaml
from tests.compose.conftest import ROOT
from tests.compose.stack import Service, Stack

from marketpulse.cli import app
from marketpulse.ingest.topic_setup import wanted_topics
from marketpulse.local.jars import spark_home
from marketpulse.local.ports import Ports
from marketpulse.settings import STATE_DIR_VARIABLE, Settings, load_settings

PREFIX = "MARKETPULSE_"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COPIED = re.compile(r"^COPY (?!--from)(.+) (\S+)$", re.MULTILINE)
CONTAINER_ROOT = "/opt/marketpulse/"
STATE = "/var/lib/marketpulse/"


def commands(service: Service) -> Iterator[list[str]]:
    """The programs that a service starts; a shell's are taken apart."""
    if service.command[:2] == ("sh", "-c"):
        yield from (shlex.split(part) for part in service.command[2].split("&&"))
    elif service.command:
        yield list(service.command)


def ours(stack: Stack, program: str) -> list[tuple[str, list[str]]]:
    found = [(service.name, line) for service in stack.of_ours() for line in commands(service)]
    return [(name, line[1:]) for name, line in found if line[0] == program]


def test_every_setting_of_the_containers_is_a_setting(stack: Stack) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {STATE_DIR_VARIABLE}
    for service in stack.of_ours():
        assert {name for name in service.environment if name.startswith(PREFIX)} <= known, service.name
    assert set(re.findall(rf"\b({PREFIX}\w+)=", DOCKERFILE)) <= known


def test_the_settings_of_the_containers_are_usable(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in stack.services["airflow-scheduler"].environment.items():
        monkeypatch.setenv(name, value)
    now = load_settings()
    assert (now.calendar, now.producer_schedule, now.feed) == ("24/7", "continuous", "round_the_clock")
    assert now.synthetic
    assert now.symbols == ()
    assert now.provider_url == "http://simulator:8090/alpaca"
    assert now.api_key.get_secret_value().startswith("premium-")


def test_host_names_and_ports_of_the_settings_are_services_that_listen_there(stack: Stack) -> None:
    listening = {
        "kafka": {"19092", "9092"},
        "postgres": {"5432"},
        "airflow-postgres": {"5432"},
        "spark-master": {"7077", "8081"},
        "simulator": {"8090", "8091"},
        "airflow-api-server": {"8080"},
    }
    defaults = Ports()
    assert defaults.simulator == 8090
    assert defaults.spark_master == 7077
    for service in stack.of_ours():
        for value in service.environment.values():
            for host, port in re.findall(r"(?:@|//|^)([a-z][a-z-]+):(\d+)", value):
                if host != "localhost":
                    assert port in listening[host], f"{service.name}: {value}"


def test_every_airflow_option_exists(stack: Stack) -> None:
    spec = importlib.util.find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    options = yaml.safe_load((Path(spec.origin).parent / "config_templates" / "config.yml").read_text(encoding="utf-8"))
    names = {name for service in stack.of_ours() for name in service.environment if name.startswith("AIRFLOW__")}
    names |= set(re.findall(r"\b(AIRFLOW__\w+)=", DOCKERFILE))
    assert len(names) > 10
    for name in names:
        _, section, option = name.lower().split("__")
        assert option in options[section]["options"], name


def test_every_command_of_ours_parses(stack: Stack) -> None:
    lines = ours(stack, "marketpulse")
    assert {line[0] for _, line in lines} == {"migrate", "topics", "simulate", "connect"}
    for _, line in lines:
        command, rest = typer.main.get_command(app), list(line)
        # Groups are resolved by hand: making a context parses the options and runs nothing.
        while hasattr(command, "commands"):
            assert rest[0] in command.commands, line
            command = command.commands[rest.pop(0)]
        command.make_context(" ".join(line), rest)


def test_every_airflow_command_parses(stack: Stack, tmp_path: Path) -> None:
    lines = [line for _, line in ours(stack, "airflow")]
    assert sorted(line[0] for line in lines) == ["api-server", "dag-processor", "scheduler", "triggerer"]
    check = (
        "import json, sys; from airflow.cli.cli_parser import get_parser\n"
        "for line in json.loads(sys.argv[1]): get_parser().parse_args(line)"
    )
    environment = {"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", check, json.dumps(lines)], check=True, env=environment, timeout=120)


def test_every_spark_class_and_option_exists(stack: Stack) -> None:
    lines = [line for _, line in ours(stack, "spark-class")]
    assert len(lines) == 2
    assert (spark_home() / "bin" / "spark-class").exists()
    (core,) = (spark_home() / "jars").glob("spark-core_*.jar")
    with zipfile.ZipFile(core) as jar:
        for class_name, *options in lines:
            assert f"{class_name.replace('.', '/')}.class" in jar.namelist()
            # The class that reads the options holds their names as constants.
            kind = class_name.rpartition(".")[2]
            arguments = jar.read(f"{class_name.rpartition('.')[0].replace('.', '/')}/{kind}Arguments.class")
            for option in (option for option in options if option.startswith("--")):
                # Spark takes the value as the next word only: `--port=7077` would be refused.
                assert f"\x00{chr(len(option))}{option}".encode() in arguments, option


def test_every_file_of_a_container_is_put_there(stack: Stack) -> None:
    places = dict(_copied_places())
    for service in stack.of_ours():
        words = [*service.command, *service.health_check, *service.environment.values()]
        for word in words:
            if word.startswith(CONTAINER_ROOT) and not word.startswith(f"{CONTAINER_ROOT}jars"):
                source = next((places[place] for place in places if word == place), None)
                assert source is not None, f"{service.name}: {word} is not in the image"
                assert source.exists()


def test_what_the_image_copies_exists_and_is_sent_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in lines if line.startswith("!")]
    for sources, _ in COPIED.findall(DOCKERFILE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) or source.startswith(f"{pattern}/") for pattern in sent), source


def test_volumes_of_our_image_are_mounted_where_its_user_may_write(stack: Stack) -> None:
    owned = set(re.findall(rf"{STATE}\w+", DOCKERFILE.partition("install --directory")[2].partition("COPY")[0]))
    for service in stack.of_ours():
        for volume in service.volumes:
            assert volume.split(":")[1] in owned, volume


def test_mounted_files_exist(stack: Stack) -> None:
    mounted = [volume for service in stack.services.values() for volume in service.volumes if volume.startswith("./")]
    assert mounted
    for volume in mounted:
        source, _, mode = volume.split(":")
        assert (ROOT / source).is_file(), source
        assert mode == "ro"


def test_the_image_is_built_from_the_lock_with_hashes() -> None:
    assert "--verify-hashes --constraint requirements.lock" in DOCKERFILE
    assert "openjdk-17" in DOCKERFILE
    assert "USER marketpulse" in DOCKERFILE


def _copied_places() -> Iterator[tuple[str, Path]]:
    """Every file and folder that the final image gets from the checkout: place in the image, place here."""
    for sources, target in COPIED.findall(DOCKERFILE):
        for source in sources.split():
            here = ROOT / source
            if not target.startswith("/"):
                continue
            yield (f"{target}{here.name}" if target.endswith("/") else target), here
            if here.is_dir():
                for file in here.rglob("*"):
                    yield f"{target}/{file.relative_to(here)}", file


def test_image_and_checkout_are_installed_by_the_same_uv() -> None:
    bootstrap = (ROOT / "scripts" / "bootstrap.sh").read_text(encoding="utf-8")
    assert re.findall(r"UV_VERSION=([\d.]+)", bootstrap)[:1] == re.findall(r"UV_VERSION=([\d.]+)", DOCKERFILE)[:1]


def test_the_document_names_every_published_port_and_the_topics_as_the_settings_make_them(stack: Stack) -> None:
    document = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    for service in stack.services.values():
        for port in service.ports:
            assert f"localhost:{port.split(':')[1]}" in document, port
    for topic in wanted_topics(Settings(_env_file=None)):
        made = f"--topic {topic.name} --partitions {topic.partitions}"
        configured = " ".join(f"--config {name}={value}" for name, value in topic.configuration.items())
        assert f"{made} {configured}" in document
