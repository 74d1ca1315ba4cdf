"""One round: the pipeline flows, a fault strikes, the pipeline recovers by itself, the proof balances."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from marketpulse.chaos.catalogue import BY_NAME
from marketpulse.chaos.evidence import keep
from marketpulse.chaos.faults import Fault, Tend
from marketpulse.chaos.outcome import Outcome
from marketpulse.chaos.recovery import Recovery, records_passed, refused_records
from marketpulse.chaos.schedule import PlannedRound
from marketpulse.chaos.site import Site
from marketpulse.demo.waiting import ask, wait
from marketpulse.errors import MarketPulseError
from marketpulse.local.progress import Reporter, StepState
from marketpulse.monitor.health import Health, check, check_and_alert
from marketpulse.warehouse.proof import Proof, prove
from marketpulse.warehouse.proof_view import as_text

T = TypeVar("T")

RECOVERY_S = 240.0
# A fault that is not felt for so many times its length will not be felt at all.
_PATIENCE = 4
_TICK_S = 0.5


class _Part:
    """Passes on how far a part of a step is: when it is done, the step is not."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def step(self, name: str, state: StepState, detail: str = "") -> None:
        self._reporter.step(name, "running", detail)


class Round:
    """One planned round on one site. What is kept of a failure goes to `folder`."""

    def __init__(self, site: Site, planned: PlannedRound, reporter: Reporter, folder: Path) -> None:
        self._site = site
        self._planned = planned
        self._fault: Fault = BY_NAME[planned.fault]
        self._reporter = reporter
        self._folder = folder
        self._step = f"round {planned.number}: {planned.fault}"
        self._outcome = Outcome(planned.number, self._fault.kind, self._fault.target)
        self._proof: Proof | None = None

    def play(self) -> Outcome:
        """Never raises for what goes wrong with the stack: that is the outcome."""
        self._reporter.step(self._step, "running", "")
        try:
            with self._fault.prepared(self._site):
                try:
                    self._play()
                except MarketPulseError as error:
                    self._fail(str(error))
        except MarketPulseError as error:
            # The preparation, or putting everything back.
            self._fail(str(error))
        outcome = self._outcome
        took = "" if outcome.recovered_s is None else f"recovered in {outcome.recovered_s:.1f} s, "
        detail = outcome.failure or f"{took}{outcome.balanced} equations balance"
        self._reporter.step(self._step, "done" if outcome.is_good else "failed", detail)
        return outcome

    def _play(self) -> None:
        settings = self._site.settings
        self._recovered(datetime.now(UTC))
        before, refused = self._asked(lambda: (records_passed(settings), refused_records(settings)))
        time.sleep(self._planned.delay_s)
        self._strike()
        over_s, over_at = time.monotonic(), datetime.now(UTC)
        self._recovered(over_at)
        self._note(recovered_s=time.monotonic() - over_s)
        after, refused_now = self._asked(lambda: (records_passed(settings), refused_records(settings)))
        self._note(records=after - before)
        self._prove()
        if refused_now != refused:
            self._fail(f"an outage made {refused_now - refused} dead letters: see 'marketpulse dlq list'")

    def _strike(self) -> None:
        with ExitStack() as stack:
            tend = self._asked(lambda: stack.enter_context(self._fault.in_force(self._site)))
            if self._fault.is_held:
                self._hold(tend)

    def _hold(self, tend: Tend) -> None:
        """Keeps the fault until it was felt, and asks the health check in the middle."""
        begin_s, hold_s = time.monotonic(), self._site.hold_s
        health: Health | None = None
        while True:
            is_felt, held_s = tend(), time.monotonic() - begin_s
            if is_felt and held_s >= hold_s / 2 and health is None:
                health = self._said_by_health()
            if is_felt and held_s >= hold_s and health is not None:
                break
            if held_s > _PATIENCE * hold_s:
                raise MarketPulseError(f"{self._planned.fault} was held for {held_s:.0f} s and nothing noticed it")
            self._reporter.step(self._step, "running", f"held for {held_s:.0f} s")
            time.sleep(_TICK_S)
        troubles = [finding.name for finding in health.checks if finding.state != "ok"]
        said = f"{health.state}: {', '.join(troubles)}" if troubles else health.state
        self._note(held_s=time.monotonic() - begin_s, health=said)
        if self._fault.check and self._fault.check not in troubles:
            self._fail(f"the health check {self._fault.check!r} did not say so")

    def _said_by_health(self) -> Health:
        """What has to be said is told to everybody too: whether it can be recorded or not, that may not fail."""
        return (check_and_alert if self._fault.check else check)(self._site.settings)

    def _recovered(self, since: datetime) -> None:
        recovery = Recovery(self._site.settings, since)
        wait(_Part(self._reporter), self._step, recovery.is_awaited, timeout_s=RECOVERY_S)

    def _prove(self) -> None:
        site = self._site
        self._proof = proof = self._asked(
            lambda: prove(
                site.blueprint.dsn("operations"),
                truth_url=site.blueprint.control_url,
                kafka_bootstrap=site.blueprint.kafka.bootstrap,
            )
        )
        broken = [equation.name for equation in proof.equations if not equation.balanced]
        self._note(equations=len(proof.equations), balanced=len(proof.equations) - len(broken))
        if broken:
            self._fail(f"does not balance: {', '.join(broken)}", told=as_text(proof))

    def _asked(self, question: Callable[[], T]) -> T:
        return ask(self._reporter, self._step, question, timeout_s=RECOVERY_S)

    def _note(self, **found: object) -> None:
        self._outcome = replace(self._outcome, **found)  # type: ignore[arg-type]

    def _fail(self, failure: str, *, told: str = "") -> None:
        """The first failure is the cause; the evidence is of the moment."""
        if self._outcome.is_good:
            self._note(failure=failure)
            keep(self._site, self._folder, "\n".join([failure, told]).strip(), self._proof)
