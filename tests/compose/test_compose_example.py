"""`.env.example` serves both ways in: nothing of it changes the embedded stack, and all of it means something."""

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from tests.compose.conftest import ROOT

from marketpulse.local.ports import Ports, ports_by_hand
from marketpulse.settings import Settings, load_settings

EXAMPLE = ROOT / ".env.example"
COMPOSE = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
USED = set(re.findall(r"\$\{(\w+)", re.sub(r"^\s*#.*$", "", COMPOSE, flags=re.MULTILINE)))


def test_copying_it_changes_no_setting_and_no_port_of_the_embedded_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = load_settings()
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_settings() == before
    assert ports_by_hand(tmp_path / ".env") == {}


def test_every_variable_of_it_is_read_by_something() -> None:
    names = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    settings = {f"MARKETPULSE_{name.upper()}" for name in Settings.model_fields} | {"API_KEY", "API_SECRET"}
    ports = {f"MARKETPULSE_PORT_{name.upper()}" for name in Ports.__struct_fields__}
    assert len(names) > 20
    assert names - USED - settings - ports == set()


def test_it_holds_every_variable_that_containers_ask_for() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    given = {name for name, value in dotenv_values(EXAMPLE).items() if value}
    assert required <= given
    for name in USED - required:
        assert re.search(rf"^#?{name}=", text, re.MULTILINE) or name in DOCUMENTED_ELSEWHERE, name


# Settings with a good default that few people change; the README's table names them.
DOCUMENTED_ELSEWHERE = {
    "MARKETPULSE_PROVIDER",
    "MARKETPULSE_KAFKA_PARTITIONS",
    "MARKETPULSE_KAFKA_RETENTION_HOURS",
    "MARKETPULSE_READER_CONNECTIONS",
    "MARKETPULSE_READER_STATEMENT_TIMEOUT_S",
    "MARKETPULSE_RETENTION_DAYS",
    "MARKETPULSE_STREAM_CORES",
}


def test_passwords_of_the_example_fit_into_an_address_unescaped() -> None:
    for name, value in dotenv_values(EXAMPLE).items():
        if name.endswith("_PASSWORD"):
            assert re.fullmatch(r"[A-Za-z0-9-]+", value or ""), name
