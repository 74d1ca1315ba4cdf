"""Runs `marketpulse produce` as a real process against a real broker, a real database and the simulator."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.database import Database
from tests.ingest.real_broker import Mark, RealBroker
from tests.simulator.simulator_client import DAY, SimulatorClient

from marketpulse.ingest.progress import Progress, read_line
from marketpulse.settings import EVENT_TOPIC

COMMAND = [sys.executable, "-c", "from marketpulse.cli import main; main()"]


@dataclass
class Producer:
    """A producer process; what it writes goes to files, so that nothing blocks it."""

    process: "subprocess.Popen[bytes]"
    output: Path
    errors: Path

    def wait(self, timeout_s: float = 120) -> int:
        return self.process.wait(timeout=timeout_s)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def progress(self) -> list[Progress]:
        lines = [read_line(line) for line in self.output.read_bytes().splitlines()]
        return [line for line in lines if line is not None]

    @property
    def words(self) -> str:
        """What it wrote to stderr."""
        return self.errors.read_text()

    @property
    def last_words(self) -> str:
        return self.words.strip().splitlines()[-1]


@dataclass
class ProducerRig:
    """The parts, and the producers started on them."""

    database: Database
    broker: RealBroker
    simulator: SimulatorClient
    folder: Path
    started: list[Producer] = field(default_factory=list)
    mark: Mark = field(init=False)

    def __post_init__(self) -> None:
        self.mark = self.broker.mark(EVENT_TOPIC)

    def close(self) -> None:
        for producer in self.started:
            if producer.process.poll() is None:
                producer.process.kill()
                producer.process.wait()

    def environment(self, **changes: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETPULSE_", "API_"))}
        ours = {
            "MARKETPULSE_STATE_DIR": str(self.folder),
            "MARKETPULSE_OPERATIONS_DSN": self.database.operations_dsn,
            "MARKETPULSE_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "MARKETPULSE_PROVIDER_URL": self.simulator.addresses.public + "/alpaca",
            "MARKETPULSE_MARKET_CLOCK": self.simulator.addresses.control,
            "MARKETPULSE_FEED": "sip",
            "MARKETPULSE_SYNTHETIC": "true",
            "MARKETPULSE_POLL_INTERVAL_S": "0.3",
            "MARKETPULSE_LEASE_TTL_S": "3",
            "API_KEY": "premium-test",
            "API_SECRET": "secret-of-the-test",
        }
        return {**inherited, **ours, **changes}

    def produce(self, *arguments: str, **changes: str) -> Producer:
        """Starts `marketpulse produce` for the day of the tests."""
        return self.run("produce", "--session", DAY, *arguments, **changes)

    def run(self, *arguments: str, **changes: str) -> Producer:
        number = len(self.started)
        output, errors = self.folder / f"{number}.out", self.folder / f"{number}.err"
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=self.environment(**changes),
                cwd=self.folder,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        producer = Producer(process, output, errors)
        self.started.append(producer)
        return producer

    def play(self, market_at: str, speed: float) -> None:
        self.clock({"mode": "fast", "market_at": market_at, "speed": speed})

    def stand(self, market_at: str) -> None:
        self.clock({"mode": "step", "market_at": market_at})

    def clock(self, change: dict[str, Any]) -> None:
        answer = self.simulator.control("POST", "/clock", change)
        assert answer.status_code == 200, answer.text

    def fault(self, **fault: Any) -> None:
        answer = self.simulator.control("POST", "/faults", fault)
        assert answer.status_code == 200, answer.text

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.owner_dsn) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def cursors(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT endpoint, symbol, next_at FROM ops.cursor ORDER BY 1, 2")

    def wait_for(self, condition: Callable[[], object], timeout_s: float = 60) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            ended = [producer.words[-2000:] for producer in self.started if producer.process.poll() not in (None, 0)]
            assert time.monotonic() < deadline_s, ended
            time.sleep(0.05)

    def wait_for_cursors(self, timeout_s: float = 60) -> None:
        """Until the first polls are committed."""
        self.wait_for(self.cursors, timeout_s)

    def dead_letters(self) -> list[Any]:
        return [json.loads(value) for _, value in self.broker.values_since(self.mark)]
