"""A killed simulator goes on at the market time where it would be, with the tapes it had; and how a start can fail."""

import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.simulator.simulator_client import SimulatorClient

from marketpulse.errors import OperatorError
from marketpulse.simulator.app import Addresses, Listener
from marketpulse.simulator.simulation import Simulation

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"
PROGRAM = """
import sys
from pathlib import Path
from marketpulse.simulator.app import serve
serve(seed=7, state_file=Path(sys.argv[1]), on_listening=lambda a: print(a.public, a.control, flush=True))
"""


class Process:
    """The simulator as a process of its own on free ports."""

    def __init__(self, state: Path) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(state)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        public, control = self._process.stdout.readline().split()
        self.client = SimulatorClient(Addresses(public, control))

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.client.session.close()

    def end(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        return self._process.wait(10)

    def market_at(self) -> datetime:
        return datetime.fromisoformat(self.client.control("GET", "/clock").json()["market_at"])


def test_kill_does_not_reset_the_market(tmp_path: Path) -> None:
    state = tmp_path / "state" / "simulator.json"
    started_s = time.monotonic()
    with Process(state) as first:
        body = {"path": str(TAPE), "symbol": "BAC", "timezone": "America/New_York"}
        assert first.client.control("POST", "/tape", body).status_code == 200
        first.client.control("POST", "/clock", {"mode": "fast", "market_at": "2013-10-07T14:00:00Z", "speed": 100})
        before = first.market_at()
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    with Process(state) as second:
        after = second.market_at()
        elapsed = timedelta(seconds=(time.monotonic() - started_s) * 100)
        assert before < after <= before + elapsed
        assert second.client.control("GET", "/clock").json()["mode"] == "fast"
        assert second.client.read("trades", symbols="BAC", feed="tape", start="2013-10-07")["trades"]["BAC"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_simulator_ends_well_and_stands_where_it_stood(tmp_path: Path, number: signal.Signals) -> None:
    state = tmp_path / "simulator.json"
    with Process(state) as first:
        first.client.stand("2026-11-20T15:00:00Z")
        assert first.end(number) == 0
    with Process(state) as second:
        assert second.market_at() == datetime.fromisoformat("2026-11-20T15:00:00Z")


def test_another_seed_starts_afresh(tmp_path: Path) -> None:
    state = tmp_path / "simulator.json"
    Simulation(seed=1, state_file=state).clock.stand(datetime.fromisoformat("2026-11-20T15:00:00Z"))
    assert Simulation(seed=2, state_file=state).clock.read().mode == "real"


def test_a_damaged_state_file_is_replaced(tmp_path: Path) -> None:
    state = tmp_path / "simulator.json"
    state.write_text("{")
    assert Simulation(seed=1, state_file=state).clock.read().mode == "real"
    assert state.read_text().startswith('{"seed":1')


def test_a_state_file_in_an_impossible_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be written"):
        Simulation(seed=1, state_file=tmp_path / "file" / "simulator.json")


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"port {port} of 127.0.0.1 cannot be used"):
            Listener(Simulation(seed=1), host="127.0.0.1", port=0, control_port=port)
