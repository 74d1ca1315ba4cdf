"""Asking a running stack again and again: any component may die in the middle of a demo, and comes back by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

from marketpulse.errors import MarketPulseError, RetriableError
from marketpulse.local.progress import Reporter

T = TypeVar("T")

PAUSE_S = 0.5
# How long one thing may take before it is called stuck.
STUCK_AFTER_S = 600.0


def wait(reporter: Reporter, step: str, done: Callable[[], str | None], *, timeout_s: float = STUCK_AFTER_S) -> None:
    """Ask `done` until it answers None; what it answers meanwhile is the step's detail. Outages are waited out."""
    deadline = time.monotonic() + timeout_s
    detail = "starting"
    while time.monotonic() < deadline:
        try:
            answer = done()
            if answer is None:
                reporter.step(step, "done", detail)
                return
            detail = answer
        except RetriableError as error:
            detail = f"waiting: {error}"
        reporter.step(step, "running", detail)
        time.sleep(PAUSE_S)
    raise MarketPulseError(f"{step} did not finish within {timeout_s:.0f} s; last seen: {detail}")


def ask(reporter: Reporter, step: str, question: Callable[[], T], *, timeout_s: float = STUCK_AFTER_S) -> T:
    """The answer to one question, or what one order returns. Outages are waited out."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return question()
        except RetriableError as error:
            if time.monotonic() > deadline:
                raise MarketPulseError(f"{step} was not possible within {timeout_s:.0f} s: {error}") from None
            reporter.step(step, "running", f"waiting: {error}")
        time.sleep(PAUSE_S)
