"""The Compose file as a real Compose implementation understands it, in the state that `cp .env.example .env` makes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.compose.stack import Service, Stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what Compose reads of the checkout, and the example as `.env`."""
    folder = tmp_path_factory.mktemp("compose")
    for name in ("docker-compose.yaml", "Dockerfile", ".dockerignore"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "compose", folder / "compose")
    shutil.copy(ROOT / ".env.example", folder / ".env")
    return folder


def resolve(project: Path) -> subprocess.CompletedProcess[str]:
    """What podman-compose makes of the file: merged, interpolated, normalised. It needs no engine for that."""
    program = Path(sys.executable).parent / "podman-compose"
    return subprocess.run(
        [str(program), "--dry-run", "config"],
        cwd=project,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="session")
def stack(project: Path) -> Stack:
    """Every service, as it would be started."""
    outcome = resolve(project)
    assert outcome.returncode == 0, outcome.stderr
    document = yaml.safe_load(outcome.stdout)
    services = {name: Service.of(name, fields) for name, fields in document["services"].items()}
    return Stack(services, frozenset(document["volumes"]))
