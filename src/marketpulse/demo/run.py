"""A demo from its beginning to its end: the wish, the stack, the day, and what is left when it is given up."""

from dataclasses import dataclass

from marketpulse.demo.day import Day
from marketpulse.demo.play import Demo, Play, choose
from marketpulse.demo.watch import DayWatch
from marketpulse.errors import InterruptionError
from marketpulse.local import stack
from marketpulse.local.blueprint import Blueprint, running_blueprint
from marketpulse.local.interruption import ends_once, ignored
from marketpulse.local.layout import Layout
from marketpulse.local.lock import Lock
from marketpulse.local.progress import Reporter
from marketpulse.settings import load_settings, persons_settings
from marketpulse.warehouse.proof import Proof

BUSY = "another 'demo' is playing on this stack: wait for it, or stop it"
LEFT = "interrupted; the stack is still up: make demo again, or make down"


@dataclass(frozen=True, slots=True)
class Played:
    """What a demo leaves to be shown."""

    play: Play
    proof: Proof
    blueprint: Blueprint


def run_demo(demo: Demo, reporter: Reporter) -> Played:
    """Play it. Raises an error that says which part failed; the proof in the result may still not balance.

    An error before the day begins leaves no stack that was not there before. Ctrl-C once the stack is up leaves it up.
    """
    persons_settings()
    play = choose(demo)
    layout = Layout.current()
    layout.prepare()
    with Lock(layout.demo_lock).held(BUSY), ends_once():
        started = stack.up(reporter, simulated=True)
        blueprint = running_blueprint(layout)
        with DayWatch(load_settings(), play.session.trading_date, play.feed) as watch:
            day = Day(play, blueprint, watch, reporter)
            try:
                day.prepare()
                proof = day.run()
                day.go_live()
            except BaseException as error:
                with ignored():
                    interrupted = isinstance(error, KeyboardInterrupt)
                    if started and not day.began and not interrupted:
                        stack.stop(reporter)
                    else:
                        day.leave()
                if interrupted:
                    raise InterruptionError(LEFT) from None
                raise
    return Played(play, proof, blueprint)
