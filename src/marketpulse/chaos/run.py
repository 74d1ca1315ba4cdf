"""A whole run: the wish, the stack that is there, the rounds, the table, and everything back in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from marketpulse.chaos.catalogue import chosen
from marketpulse.chaos.flow import Flow
from marketpulse.chaos.outcome import Outcome
from marketpulse.chaos.rounds import Round
from marketpulse.chaos.schedule import schedule
from marketpulse.chaos.site import Site
from marketpulse.chaos.small_disk import SmallDisk
from marketpulse.chaos.table import as_markdown
from marketpulse.chaos.targets import resume, stopped
from marketpulse.errors import InterruptionError, OperatorError
from marketpulse.local.blueprint import running_blueprint
from marketpulse.local.interruption import ends_once, ignored
from marketpulse.local.layout import Layout
from marketpulse.local.lock import Lock
from marketpulse.local.progress import Reporter

BUSY = "a demo or a chaos run is under way on this stack: wait for it, or stop it"
LEFT = "interrupted; every process goes on and the disk is back in its place; the rounds so far are in"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for. `rounds` None: every chosen fault once. The words choose faults by their names."""

    rounds: int | None = 10
    seed: int = 1
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    hold_s: float = 30.0
    speed: float = 60.0
    disk: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What was played. `folder` has the table, and the evidence of the round that failed, if one did."""

    outcomes: tuple[Outcome, ...]
    folder: Path

    @property
    def is_good(self) -> bool:
        return all(outcome.is_good for outcome in self.outcomes)


def run_chaos(wish: Wish, reporter: Reporter) -> Run:
    """Play the rounds on the running stack; the first that fails is the last.

    Raises OperatorError when there is no simulated stack that runs, or a fault is not possible here. However it ends,
    no process stays stopped, the disk is back, and the market follows this machine's clock.
    """
    faults = chosen(wish.only, wish.without)
    with _site(wish) as site, ends_once():
        if any("out of disk" in name for name in faults):
            SmallDisk(site).refuse_if_impossible()
        folder = site.blueprint.layout.chaos / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
        folder.mkdir(parents=True)
        _put_back(site)
        flow = Flow(site, reporter, speed=wish.speed)
        outcomes: list[Outcome] = []
        try:
            flow.begin()
            for planned in schedule(faults, rounds=wish.rounds or len(faults), seed=wish.seed):
                place = folder / f"round-{planned.number:02}"
                outcomes.append(Round(site, planned, reporter, place).play())
                (folder / "table.md").write_text(as_markdown(outcomes) + "\n", encoding="utf-8")
                if not outcomes[-1].is_good:
                    break
        except KeyboardInterrupt:
            raise InterruptionError(f"{LEFT} {folder}") from None
        finally:
            with ignored():
                _put_back(site)
                flow.end()
    return Run(tuple(outcomes), folder)


def put_back(wish: Wish) -> None:
    """Undo what a run that was killed has left: stopped processes, a moved disk."""
    with _site(wish, must_run=False) as site, ignored():
        _put_back(site)


@contextmanager
def _site(wish: Wish, *, must_run: bool = True) -> Iterator[Site]:
    blueprint = running_blueprint(Layout.current())
    site = Site(blueprint, blueprint.loaded_settings(), wish.hold_s, wish.disk)
    if must_run and (not blueprint.plan.ready or site.supervisor.pid() is None):
        raise OperatorError("the stack does not run: run 'make up' first")
    if not blueprint.plan.simulated:
        raise OperatorError("this stack reads the real market, and chaos is for the simulated one: run make down first")
    with Lock(blueprint.layout.demo_lock).held(BUSY):
        yield site


def _put_back(site: Site) -> None:
    resume(stopped(site))
    SmallDisk(site).move_back()
