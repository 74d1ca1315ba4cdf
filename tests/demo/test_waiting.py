"""A question is asked again while something is down, and only then."""

import pytest

from marketpulse.demo import waiting
from marketpulse.demo.waiting import ask, wait
from marketpulse.errors import MarketPulseError, OperatorError, RetriableError
from marketpulse.local.progress import StepState


class Steps:
    """What a reporter was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, StepState, str]] = []

    def step(self, name: str, state: StepState, detail: str = "") -> None:
        self.told.append((name, state, detail))


class Answers:
    """Gives one answer after the other; an error is raised."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)

    def __call__(self) -> object:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0.0)


def test_an_outage_is_waited_out() -> None:
    steps = Steps()
    assert ask(steps, "market", Answers(RetriableError("away"), RetriableError("away"), 7)) == 7
    assert steps.told == [("market", "running", "waiting: away")] * 2


def test_what_a_person_must_mend_is_raised_at_once() -> None:
    with pytest.raises(OperatorError, match="refused"):
        ask(Steps(), "market", Answers(OperatorError("refused")))


def test_an_outage_without_an_end_is_told() -> None:
    with pytest.raises(MarketPulseError, match="market was not possible within -1 s: away"):
        ask(Steps(), "market", Answers(RetriableError("away")), timeout_s=-1)


def test_a_step_goes_on_until_nothing_is_left() -> None:
    steps = Steps()
    answers = iter(["3 left", "1 left", None])
    wait(steps, "landing", lambda: next(answers))
    assert steps.told[-1] == ("landing", "done", "1 left")
