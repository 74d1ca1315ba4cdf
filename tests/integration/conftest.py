"""One real stack for all integration tests, on free ports and in a folder of its own; gone afterwards."""

import contextlib
import json
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.running_stack import RunningStack

from marketpulse.local.layout import project_dir
from marketpulse.local.ports import PortSettings


def stack_environment(state: Path) -> dict[str, str]:
    """A new user's environment: nothing of another stack, a state folder of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETPULSE_", "AIRFLOW"))}
    # Set by hand: two stacks that look for free ports at the same moment may find the same ones.
    ports = {
        f"MARKETPULSE_PORT_{name.upper()}": str(port)
        for name, port in zip(PortSettings.model_fields, _ports(), strict=False)
    }
    return {**inherited, **ports, "MARKETPULSE_STATE_DIR": str(state)}


def _ports() -> Iterator[int]:
    """Free ports below those that the kernel hands to outgoing connections."""
    for port in random.sample(range(20_000, 30_000), 1_000):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            yield port


@pytest.fixture(scope="package")
def stack() -> Iterator[RunningStack]:
    with running_stack() as running:
        yield running


@contextlib.contextmanager
def running_stack() -> Iterator[RunningStack]:
    """A stack from its first start to its end. Nothing of it may be left."""
    # Not pytest's own temporary folder: only its owner may enter it, and under root Postgres is somebody else.
    state = Path(tempfile.mkdtemp(prefix="marketpulse-stack-"))
    state.chmod(0o711)
    stopped = RunningStack(project_dir(), stack_environment(state))
    try:
        stopped.command("up", timeout_s=420)
        yield replace(stopped, status=json.loads(stopped.command("status", "--json").stdout))
    finally:
        stopped.command("down", timeout_s=120, check=False)
        left = stopped.environment_of_stack()
        shutil.rmtree(state, ignore_errors=True)
        assert not left, f"down left {[process.cmdline() for process in left]}"
