"""A real broker, a real database and a simulated provider over HTTP, and a producer process between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.database import Database
from tests.ingest.producer_rig import ProducerRig
from tests.ingest.real_broker import RealBroker
from tests.simulator.simulator_client import SimulatorClient

from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.settings import Settings
from marketpulse.simulator.app import running
from marketpulse.simulator.simulation import Simulation


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    """A broker with the two topics, shared by all tests; a test that kills it starts it again."""
    broker = RealBroker(tmp_path_factory.mktemp("broker"))
    try:
        broker.start()
        ensure_topics(broker.bootstrap, Settings())
        yield broker
    finally:
        broker.kill()


@pytest.fixture(scope="module")
def _simulator() -> Iterator[SimulatorClient]:
    with running(Simulation(seed=11)) as addresses:
        client = SimulatorClient(addresses)
        yield client
        client.session.close()


@pytest.fixture
def rig(database: Database, broker: RealBroker, _simulator: SimulatorClient, tmp_path: Path) -> Iterator[ProducerRig]:
    """Everything that a producer needs, and nothing running yet."""
    _simulator.control("DELETE", "/faults")
    rig = ProducerRig(database, broker, _simulator, tmp_path)
    try:
        yield rig
    finally:
        rig.close()
