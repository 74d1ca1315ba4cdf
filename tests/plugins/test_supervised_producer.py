import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from marketpulse.ingest.producer_supervision import SupervisionPolicy
from marketpulse.ingest.progress import Progress
from supervised_producer import ProgressJournal, SupervisedProducerOperator, producer_options

FAKE = Path(__file__).with_name("fake_producer.py")
QUICK = SupervisionPolicy(silence_s=2.0, restart_base_s=0.05, restart_cap_s=0.1)
PARAMS = {
    "provider": "alpaca",
    "symbols": ["AAPL", "BAC"],
    "feed": "sip",
    "calendar": "XNYS",
    "session_date": "2026-11-20",
}


class Store:
    """The task state store's one method that is used."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.values: dict[str, Any] = {}
        self.calls = 0
        self.is_down = is_down

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self.calls += 1
        if self.is_down:
            raise RuntimeError("the API server does not answer")
        self.values[key] = value


@dataclass
class Child:
    folder: Path

    def operator(self, behaviour: str) -> SupervisedProducerOperator:
        command = [sys.executable, str(FAKE), behaviour, str(self.folder)]
        return SupervisedProducerOperator(task_id="produce", command=command, policy=QUICK)

    def starts(self) -> list[Any]:
        return [json.loads(line) for line in (self.folder / "starts").read_text().splitlines()]


@pytest.fixture
def child(tmp_path: Path, connections: None) -> Iterator[Child]:
    child = Child(tmp_path)
    yield child
    assert not [start["pid"] for start in child.starts() if psutil.pid_exists(start["pid"])]


def context(*, try_number: int = 1, store: Any = None, **params: Any) -> Any:
    return {"params": PARAMS | params, "ti": SimpleNamespace(try_number=try_number), "task_state_store": store}


def test_it_succeeds_when_the_session_is_complete_and_keeps_the_last_progress(child: Child) -> None:
    store = Store()
    child.operator("finish").execute(context(store=store))
    assert " ".join(child.starts()[0]["argv"]) == (
        "--provider alpaca --symbols AAPL,BAC --feed sip --calendar XNYS --session 2026-11-20"
    )
    assert "session 2026-11-20" in store.values["progress"]["summary"]


@pytest.mark.parametrize("behaviour", ["crash_once", "hang_once"])
def test_a_dead_or_silent_child_is_started_again_in_place(child: Child, behaviour: str) -> None:
    child.operator(behaviour).execute(context())
    assert len(child.starts()) == 2


def test_a_configuration_error_fails_at_once_with_the_child_s_words(child: Child) -> None:
    with pytest.raises(AirflowFailException, match="the key was refused: set API_KEY"):
        child.operator("exit2").execute(context())
    assert len(child.starts()) == 1


def test_a_held_lease_ends_the_first_attempt_at_once_and_names_the_holder(child: Child) -> None:
    with pytest.raises(AirflowFailException, match="held by box:4711"):
        child.operator("held_once").execute(context())
    assert len(child.starts()) == 1


def test_a_later_attempt_waits_for_the_lease_of_an_earlier_one(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETPULSE_LEASE_TTL_S", "1.1")
    child.operator("held_once").execute(context(try_number=2))
    assert len(child.starts()) == 2


def test_a_store_that_fails_costs_nothing_but_the_state(child: Child) -> None:
    store = Store(is_down=True)
    child.operator("finish").execute(context(store=store))
    assert store.calls


@pytest.mark.parametrize(("behaviour", "limit_s"), [("endless", 2.0), ("deaf", 5.0)])
def test_a_stop_by_signal_raises_and_leaves_no_child_within_airflow_s_five_seconds(
    child: Child, behaviour: str, limit_s: float
) -> None:
    operator = child.operator(behaviour)
    previous = signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
    signalled: list[float] = []

    def stop() -> None:
        while not (child.folder / "starts").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        signalled.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        with pytest.raises(AirflowException, match="stopped on request"):
            operator.execute(context())
    finally:
        thread.join()
        signal.signal(signal.SIGTERM, previous)
    assert time.monotonic() - signalled[0] < limit_s
    assert len(child.starts()) == 1


def test_a_scheduled_run_produces_the_session_of_its_interval() -> None:
    scheduled = {
        "params": PARAMS | {"session_date": None},
        "data_interval_start": datetime(2026, 11, 27, 9, tzinfo=UTC),
        "dag_run": SimpleNamespace(run_type="scheduled"),
    }
    options = producer_options(scheduled)
    assert options[options.index("--session") + 1] == "2026-11-27"


def test_a_market_that_never_closes_is_produced_without_an_end() -> None:
    options = producer_options({"params": PARAMS | {"session_date": None, "calendar": "24/7", "poll_interval": 0.5}})
    assert "--continuous" in options
    assert "--session" not in options
    assert options[options.index("--poll-interval") + 1] == "0.5"


def test_a_refused_state_is_not_tried_again_for_a_minute() -> None:
    time_s = 0.0
    store = Store(is_down=True)
    journal = ProgressJournal(store, monotonic=lambda: time_s)
    for _ in range(70):
        journal.note(Progress(at=datetime.now(UTC), kind="progress", producer_id="p-1"))
        time_s += 1.0
    assert store.calls == 2
