"""One trading day through the running stack, by way of Airflow, as an operator would do it.

Steps: set the simulated market's clock to the session's start, trigger `market_producer`, let the clock run fast, wait
until everything fetched has landed, trigger `daily_rollups`, prove, print the day. Afterwards the market goes on at
real pace. Any component may die meanwhile: every question is asked again until it is answered or the time is up.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marketpulse.errors import MarketPulseError, OperatorError, RetriableError
from marketpulse.events.listing import listings
from marketpulse.events.session import Session, calendar
from marketpulse.local import stack
from marketpulse.local.airflow_api import AirflowApi
from marketpulse.local.blueprint import Blueprint, running_blueprint
from marketpulse.local.demo_outage import passage
from marketpulse.local.layout import Layout
from marketpulse.local.market_control import MarketControl
from marketpulse.local.progress import Reporter
from marketpulse.local.watch import DayWatch
from marketpulse.settings import load_settings
from marketpulse.warehouse.proof import Proof, prove

# How often a wait asks again, and how long the whole play may take before it is called stuck.
POLL_S = 0.5
STUCK_AFTER_S = 600.0
LIVE_FEED = "round_the_clock"


@dataclass(frozen=True, slots=True)
class Demo:
    """What to play: the generated day, or a file of trades of one symbol."""

    tape: Path | None = None
    symbol: str = ""
    timezone: str = "America/New_York"
    day: date | None = None
    speed: float = 1500.0

    def __post_init__(self) -> None:
        if self.tape is None:
            return
        if not self.symbol:
            raise OperatorError("a tape needs its symbol: make demo TAPE=FILE SYMBOL=BAC TIMEZONE=America/New_York")
        if not self.tape.is_file():
            raise OperatorError(f"there is no file {self.tape}: give TAPE the path of a trades file")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise OperatorError(f"there is no time zone {self.timezone!r}: write it as America/New_York") from None


@dataclass(frozen=True, slots=True)
class Play:
    """What will be played: the session, under which feed, for which symbols."""

    session: Session
    feed: str
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What a demo leaves to be shown."""

    play: Play
    proof: Proof
    blueprint: Blueprint


def run_demo(demo: Demo, reporter: Reporter) -> Played:
    """Play it. Raises an error that says which part failed; the proof in the result may still not balance."""
    stack.up(reporter, simulated=True)
    blueprint = running_blueprint(Layout.current())
    control, airflow = MarketControl(blueprint.control_url), blueprint.airflow_api()
    play = _prepare(demo, control, airflow, reporter)
    try:
        run_id = airflow.trigger("market_producer", _producer_conf(play))
        with DayWatch(load_settings(), play.session.trading_date, play.feed) as watch:
            _wait_for_producer(airflow, run_id, watch, reporter)
            control.play(play.session.pre_open_at, speed=demo.speed)
            outage = passage(control, play.session, play.feed, speed=demo.speed)
            if outage is not None:
                _wait(reporter, "events", outage.arrive)
                _wait(reporter, "events", lambda: outage.leave(watch.has_read_since))
            _play_the_day(play, control, airflow, run_id, watch, reporter)
            _drain(watch, reporter)
        _roll_up(play, airflow, reporter)
        proof = _prove(play, blueprint, reporter)
    finally:
        control.go_live()
    _wait(reporter, "live market", _triggered(airflow, "market_producer", {"symbols": list(_watch_list())}))
    return Played(play, proof, blueprint)


def _wait_for_producer(airflow: AirflowApi, run_id: str, watch: DayWatch, reporter: Reporter) -> None:
    def started() -> str | None:
        _state(airflow, "market_producer", run_id)
        return None if watch.producer_started() else "Airflow starts the producer"

    _wait(reporter, "producer", started, timeout_s=120)


def _play_the_day(
    play: Play, control: MarketControl, airflow: AirflowApi, run_id: str, watch: DayWatch, reporter: Reporter
) -> None:
    """Follow the day until the producer's run has ended well."""
    over_at = play.session.post_close_at + timedelta(minutes=load_settings().sweep_delay_min + 1)

    def ended() -> str | None:
        state = _state(airflow, "market_producer", run_id)
        market_at = control.market_at()
        if market_at >= over_at:
            # Late enough for the sweep; a clock that ran on would only widen what the last polls have to cover.
            control.hold(over_at)
        counts = watch.counts()
        reporter.step("bars", "running", f"{counts.bars:,} minutes")
        if state == "success":
            return None
        shown = control.total_trades(play.session.trading_date, play.feed)
        share = (market_at - play.session.pre_open_at) / (play.session.post_close_at - play.session.pre_open_at)
        return f"{_bar(share)} {market_at:%H:%M} UTC, {counts.trades:,} of {shown:,} trades landed"

    _wait(reporter, "events", ended)


def _drain(watch: DayWatch, reporter: Reporter) -> None:
    """Wait until the stream has landed everything that is on the topics."""

    def drained() -> str | None:
        counts = watch.counts()
        behind = watch.records_behind()
        reporter.step("bars", "running" if behind else "done", f"{counts.bars:,} minutes")
        return f"{behind:,} records to land" if behind else None

    _wait(reporter, "landing", drained)


def _roll_up(play: Play, airflow: AirflowApi, reporter: Reporter) -> None:
    day = play.session.trading_date.isoformat()
    run_id = airflow.trigger("daily_rollups", {"date_from": day, "date_to": day})

    def ended() -> str | None:
        state = _state(airflow, "daily_rollups", run_id)
        return None if state == "success" else state

    _wait(reporter, "rollups", ended)


def _prove(play: Play, blueprint: Blueprint, reporter: Reporter) -> Proof:
    found: list[Proof] = []

    def proved() -> str | None:
        day = play.session.trading_date
        proof = prove(
            blueprint.dsn("operations"),
            date_from=day,
            date_to=day,
            truth_url=blueprint.control_url,
            kafka_bootstrap=blueprint.kafka.bootstrap,
        )
        if not _compared(proof):
            raise MarketPulseError(f"{day} was not compared with the simulator's truth ledger: was its sweep complete?")
        found.append(proof)
        return None

    _wait(reporter, "equations", proved)
    return found[-1]


def _compared(proof: Proof) -> bool:
    return any(equation.name == "truth_trades" and equation.left > 0 for equation in proof.equations)


def _triggered(airflow: AirflowApi, dag_id: str, conf: dict[str, object]) -> Callable[[], str | None]:
    def trigger() -> str | None:
        airflow.trigger(dag_id, conf)
        return None

    return trigger


def _state(airflow: AirflowApi, dag_id: str, run_id: str) -> str:
    """The state of a run. Raises MarketPulseError when it failed."""
    state = airflow.run_state(dag_id, run_id)
    if state == "failed":
        states = ", ".join(f"{task} {state}" for task, state in sorted(airflow.task_states(dag_id, run_id).items()))
        raise MarketPulseError(f"the run {run_id} of {dag_id} failed ({states}): read its log in Airflow")
    return state


def _bar(share: float, width: int = 24) -> str:
    filled = round(max(0.0, min(1.0, share)) * width)
    return "━" * filled + "╌" * (width - filled)


def _watch_list() -> tuple[str, ...]:
    return tuple(listing.symbol for listing in listings())


def _prepare(demo: Demo, control: MarketControl, airflow: AirflowApi, reporter: Reporter) -> Play:
    """End a producer that an earlier demo left running, choose the session, hold the market at its start."""
    reporter.step("market", "running", "choosing the session")
    _end_producers(airflow)
    if demo.tape is None:
        session = _generated_session(demo.day)
        play = Play(session, feed="sip", symbols=_watch_list())
    else:
        loaded = control.load_tape(demo.tape, symbol=demo.symbol, timezone=demo.timezone)
        session_or_none = calendar("XNYS").session(loaded.trading_date)
        if session_or_none is None:
            raise OperatorError(f"{loaded.trading_date} of the tape is not a trading day of XNYS: check TIMEZONE")
        session = session_or_none
        play = Play(session, feed="tape", symbols=(loaded.symbol,))
    control.hold(session.pre_open_at)
    # The simulator makes a day when it is first asked for it; asked now, the fast clock does not run ahead of it.
    control.total_trades(session.trading_date, play.feed)
    reporter.step("market", "done", f"{session.trading_date} of {session.calendar}")
    return play


def _generated_session(day: date | None) -> Session:
    xnys = calendar("XNYS")
    if day is None:
        return xnys.last_completed(datetime.now(UTC))
    session = xnys.session(day)
    if session is None:
        raise OperatorError(f"{day} is not a trading day of XNYS: choose another --date")
    return session


def _producer_conf(play: Play) -> dict[str, object]:
    return {
        "session_date": play.session.trading_date.isoformat(),
        "calendar": play.session.calendar,
        "feed": play.feed,
        "symbols": list(play.symbols),
        "poll_interval": POLL_S,
    }


def _end_producers(airflow: AirflowApi) -> None:
    for run_id in airflow.active_runs("market_producer"):
        airflow.end_run("market_producer", run_id)
    deadline = time.monotonic() + 60
    while airflow.active_task_instances("market_producer"):
        if time.monotonic() > deadline:
            raise RetriableError("the running market_producer does not end: see its log in Airflow")
        time.sleep(POLL_S)


def _wait(reporter: Reporter, step: str, done: Callable[[], str | None], *, timeout_s: float = STUCK_AFTER_S) -> None:
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
        time.sleep(POLL_S)
    raise MarketPulseError(f"{step} did not finish within {timeout_s:.0f} s; last seen: {detail}")
