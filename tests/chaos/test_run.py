"""What is not there, or not for breaking, is refused before anything is touched."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.command import Command
from tests.local.stored_stack import blueprint

from marketpulse.chaos.run import Wish, run_chaos
from marketpulse.errors import OperatorError
from marketpulse.local.plan import save_plan
from marketpulse.local.postgres import discard_outside
from marketpulse.local.progress import Silent


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of a stack that was started once."""
    place = tmp_path / "state"
    monkeypatch.setenv("MARKETPULSE_STATE_DIR", str(place))
    yield place
    discard_outside(place, keep=None)


def stored(state: Path, *, simulated: bool = True, ready: bool = True) -> None:
    made = blueprint(state, simulated=simulated, ready=ready)
    save_plan(made.layout.plan, made.plan)


def test_without_a_stack_it_says_how_to_get_one(command: Command) -> None:
    assert "there is no stack here: run 'make up' first" in command.run("chaos").refusal


def test_an_unknown_word_is_refused_first(command: Command) -> None:
    assert "no fault is called 'Kafak'" in command.run("chaos", "--only", "Kafak").refusal


@pytest.mark.parametrize("ready", [True, False])
def test_a_stack_that_does_not_run_is_refused(state: Path, ready: bool) -> None:
    stored(state, ready=ready)
    with pytest.raises(OperatorError, match="the stack does not run: run 'make up' first"):
        run_chaos(Wish(), Silent())


def test_the_real_market_is_not_for_breaking(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(state, simulated=False)
    monkeypatch.setattr("marketpulse.local.supervisor.Supervisor.pid", lambda _: 1)
    with pytest.raises(OperatorError, match="chaos is for the simulated one"):
        run_chaos(Wish(), Silent())


def test_one_at_a_time(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(state)
    monkeypatch.setattr("marketpulse.local.supervisor.Supervisor.pid", lambda _: 1)
    with (state / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OperatorError, match="a demo or a chaos run is under way"):
            run_chaos(Wish(), Silent())
