"""Same seed, same market time: the same bytes, from any process and in any order of questions."""

import pytest
from tests.simulator.simulator_client import DAY_START, SYMBOLS, Params, SimulatorClient

from marketpulse.simulator.app import running
from marketpulse.simulator.simulation import Simulation

ALL = ",".join(SYMBOLS)
QUESTIONS: list[tuple[str, Params]] = [
    ("trades", {"feed": "sip", "start": DAY_START, "limit": 10_000}),
    ("trades", {"feed": "iex", "start": DAY_START, "limit": 10_000}),
    ("snapshots", {"feed": "sip"}),
    ("snapshots", {"feed": "iex"}),
    ("bars", {"feed": "sip", "timeframe": "1Min", "start": DAY_START}),
    ("trades", {"feed": "round_the_clock", "start": "2026-11-20T15:00:00Z"}),
    ("snapshots", {"feed": "round_the_clock"}),
]


def answers(seed: int, *, backwards: bool = False) -> list[bytes]:
    with running(Simulation(seed=seed)) as addresses:
        client = SimulatorClient(addresses)
        client.stand("2026-11-20T15:45:00Z")
        order = list(reversed(QUESTIONS)) if backwards else QUESTIONS
        found = [client.get(endpoint, symbols=ALL, **params).content for endpoint, params in order]
        client.session.close()
    return list(reversed(found)) if backwards else found


def test_two_instances_answer_byte_for_byte_the_same() -> None:
    assert answers(7) == answers(7, backwards=True)


@pytest.mark.parametrize("seed", [8])
def test_another_seed_is_another_market(seed: int) -> None:
    assert all(one != other for one, other in zip(answers(7), answers(seed), strict=True))
