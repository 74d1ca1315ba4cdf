"""A second start, a start for the other market, and a stop: judged by what runs, here a supervisor without programs."""

import os
from collections.abc import Iterator

import pytest
from tests.command import Command
from tests.local.stored_stack import blueprint

from marketpulse.errors import OperatorError
from marketpulse.local.blueprint import Blueprint
from marketpulse.local.plan import save_plan
from marketpulse.local.postgres import discard_outside
from marketpulse.local.progress import Silent
from marketpulse.local.readiness import wait_for_all
from marketpulse.local.supervisor import Supervisor


@pytest.fixture(params=[True, False], ids=["simulated", "real"])
def running(request: pytest.FixtureRequest, command: Command) -> Iterator[Blueprint]:
    made = blueprint(command.state, simulated=request.param, ready=True)
    save_plan(made.layout.plan, made.plan)
    environment = {"PATH": os.environ["PATH"]}
    Supervisor(made.layout).start((), stack_id=made.credentials.stack_id, environment=environment)
    try:
        yield made
    finally:
        command.run("down")
        discard_outside(command.state, keep=None)


def test_the_other_market_is_not_started_beside_it(command: Command, running: Blueprint) -> None:
    variables = {"API_KEY": "mine"} if running.plan.simulated else {}
    assert "run make down first" in command.run("up", **variables).refusal
    assert running.plan.simulated or "run make down first" in command.run("demo").refusal


def test_what_is_not_healthy_is_named(running: Blueprint) -> None:
    with pytest.raises(OperatorError, match=r"kafka, .*postgres, .*the stream did not become healthy") as refused:
        wait_for_all(running, Silent(), timeout_s=0)
    assert "supervisor" not in str(refused.value)
    assert ("simulator" in str(refused.value)) == running.plan.simulated


def test_stopping_says_what_ran_and_that_nothing_does(command: Command, running: Blueprint) -> None:
    assert running.plan.ready
    assert command.run("status").status == 0
    assert command.run("down").out == "stopped supervisor\n"
    assert command.run("down").out == "nothing was running\n"
    assert command.run("status").refusal == "marketpulse: not running: make up"
