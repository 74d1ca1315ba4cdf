"""A simulator on free ports, shared by a module's tests: each sets the clock it needs."""

from collections.abc import Iterator

import pytest
from tests.simulator.simulator_client import SimulatorClient

from marketpulse.simulator.app import running
from marketpulse.simulator.simulation import Simulation


@pytest.fixture(scope="module")
def _client() -> Iterator[SimulatorClient]:
    with running(Simulation(seed=7)) as addresses:
        client = SimulatorClient(addresses)
        yield client
        client.session.close()


@pytest.fixture
def client(_client: SimulatorClient) -> Iterator[SimulatorClient]:
    yield _client
    _client.control("DELETE", "/faults")
