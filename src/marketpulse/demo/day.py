"""The course of a demo: take the market over, play the day, roll it up, prove it, and let the market go on."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from marketpulse.demo.market_control import MarketControl
from marketpulse.demo.outage import passage
from marketpulse.demo.play import Play
from marketpulse.demo.waiting import PAUSE_S, ask, wait
from marketpulse.demo.watch import DayWatch
from marketpulse.errors import MarketPulseError, OperatorError
from marketpulse.events.listing import listings
from marketpulse.local.airflow_api import AirflowApi
from marketpulse.local.blueprint import Blueprint
from marketpulse.local.pipeline_dags import PRODUCER_DAG, ROLLUPS_DAG
from marketpulse.local.progress import Reporter
from marketpulse.providers.sweep import sweep_wait
from marketpulse.settings import load_settings
from marketpulse.warehouse.proof import Proof, prove

# A demo that is given up does not wait long for what does not answer.
LEAVING_S = 10.0


class Day:
    """One day played on one stack. `watch` sees the day's feed; every call waits out outages."""

    def __init__(self, play: Play, blueprint: Blueprint, watch: DayWatch, reporter: Reporter) -> None:
        self._play = play
        self._blueprint = blueprint
        self._watch = watch
        self._reporter = reporter
        self._control = MarketControl(blueprint.control_url)
        self._airflow = blueprint.airflow_api()
        self._run_id: str | None = None

    @property
    def began(self) -> bool:
        """Whether the day's producer was started."""
        return self._run_id is not None

    def prepare(self) -> None:
        """End the producers that run, let their events land, and hold the market at the session's start.

        Raises OperatorError when the day cannot be played into this database.
        """
        reporter, session = self._reporter, self._play.session
        reporter.step("market", "running", "asking for what is there")
        if ask(reporter, "market", self._watch.has_real_events):
            raise OperatorError(
                f"the database holds trades of the real market for {session.trading_date}: "
                "play another --date, or set MARKETPULSE_STATE_DIR to another folder"
            )
        self._end_producers()
        # What still lands is of the market's present: the sink reads the same clock.
        wait(reporter, "market", self._to_land)
        if (tape := self._play.tape) is not None:
            ask(reporter, "market", lambda: self._control.load_tape(tape))
        ask(reporter, "market", lambda: self._control.hold(session.pre_open_at))
        # The simulator makes a day when it is first asked for it; asked now, the fast clock does not run ahead of it.
        ask(reporter, "market", lambda: self._control.total_trades(session.trading_date, self._play.feed))
        reporter.step("market", "done", f"{session.trading_date} of {session.calendar}")

    def run(self) -> Proof:
        """Play the prepared day to its proof. Raises MarketPulseError when a part of it failed."""
        session = self._play.session
        self._run_id = f"demo__{session.trading_date}__{uuid4().hex[:8]}"
        self._trigger("producer", PRODUCER_DAG, self._producer_conf(), self._run_id)
        wait(self._reporter, "producer", lambda: self._producer_starts(PRODUCER_DAG, str(self._run_id)), timeout_s=120)
        ask(self._reporter, "events", lambda: self._control.play(session.pre_open_at, speed=self._play.speed))
        self._pass_the_outage()
        wait(self._reporter, "events", lambda: self._to_fetch(str(self._run_id)))
        wait(self._reporter, "landing", self._to_land)
        self._roll_up()
        return self._proved()

    def go_live(self) -> None:
        """The market's time is this machine's again, and a producer follows it."""
        ask(self._reporter, "live market", self._control.go_live)
        watch_list = [listing.symbol for listing in listings()]
        self._trigger("live market", PRODUCER_DAG, {"symbols": watch_list}, f"live__{uuid4().hex[:8]}")
        self._reporter.step("live market", "done", "a producer follows it")

    def leave(self) -> None:
        """Give the day up: its producer ends and the market's time is this machine's. Says what is not possible."""
        reporter, run_id = self._reporter, self._run_id
        try:
            if run_id is not None:
                ask(reporter, "producer", lambda: self._airflow.end_run(PRODUCER_DAG, run_id), timeout_s=LEAVING_S)
            ask(reporter, "live market", self._control.go_live, timeout_s=LEAVING_S)
        except MarketPulseError as error:
            reporter.step("live market", "failed", f"{error}; make demo begins anew all the same")

    def _end_producers(self) -> None:
        airflow = self._airflow
        for run_id in ask(self._reporter, "market", lambda: airflow.active_runs(PRODUCER_DAG)):
            ask(self._reporter, "market", lambda run_id=run_id: airflow.end_run(PRODUCER_DAG, run_id))  # type: ignore[misc]

        def running() -> str | None:
            if airflow.active_task_instances(PRODUCER_DAG):
                return "the running producer ends"
            holder = self._watch.producing()
            return f"the producer {holder} ends" if holder is not None else None

        wait(self._reporter, "market", running, timeout_s=120)

    def _producer_starts(self, dag_id: str, run_id: str) -> str | None:
        _state(self._airflow, dag_id, run_id)
        return None if self._watch.producer_started() else "Airflow starts the producer"

    def _pass_the_outage(self) -> None:
        outage = passage(self._control, self._play.session, self._play.feed, speed=self._play.speed)
        if outage is not None:
            wait(self._reporter, "events", outage.arrive)
            wait(self._reporter, "events", lambda: outage.leave(self._watch.has_read_since))

    def _to_fetch(self, run_id: str) -> str | None:
        """How far the day is; None once the producer's run has ended well."""
        session, control = self._play.session, self._control
        over_at = session.post_close_at + sweep_wait(load_settings(), feed=self._play.feed) + timedelta(minutes=1)
        state = _state(self._airflow, PRODUCER_DAG, run_id)
        market_at = control.market_at()
        if market_at >= over_at:
            # Late enough for the sweep; a clock that ran on would only widen what the last polls have to cover.
            control.hold(over_at)
        counts = self._watch.counts()
        self._reporter.step("bars", "running", f"{counts.bars:,} minutes")
        if state == "success":
            return None
        shown = control.total_trades(session.trading_date, self._play.feed)
        share = (market_at - session.pre_open_at) / (session.post_close_at - session.pre_open_at)
        return f"{_bar(share)} {market_at:%H:%M} UTC, {counts.trades:,} of {shown:,} trades landed"

    def _to_land(self) -> str | None:
        """What is on the topics and has not landed; None when that is nothing."""
        counts, behind = self._watch.counts(), self._watch.records_behind()
        if self.began:
            self._reporter.step("bars", "running" if behind else "done", f"{counts.bars:,} minutes")
        return f"{behind:,} records to land" if behind else None

    def _roll_up(self) -> None:
        day = self._play.session.trading_date.isoformat()
        run_id = f"demo__{day}__{uuid4().hex[:8]}"
        self._trigger("rollups", ROLLUPS_DAG, {"date_from": day, "date_to": day}, run_id)

        def ended() -> str | None:
            state = _state(self._airflow, ROLLUPS_DAG, run_id)
            return None if state == "success" else state

        wait(self._reporter, "rollups", ended)

    def _proved(self) -> Proof:
        day, blueprint = self._play.session.trading_date, self._blueprint
        self._reporter.step("equations", "running", "")
        proof = ask(
            self._reporter,
            "equations",
            lambda: prove(
                blueprint.dsn("operations"),
                date_from=day,
                date_to=day,
                truth_url=blueprint.control_url,
                kafka_bootstrap=blueprint.kafka.bootstrap,
            ),
        )
        if not any(equation.name == "truth_trades" and equation.left > 0 for equation in proof.equations):
            raise MarketPulseError(f"{day} was not compared with the simulator's truth ledger: was its sweep complete?")
        self._reporter.step("equations", "done", f"{len(proof.equations)} of them")
        return proof

    def _trigger(self, step: str, dag_id: str, conf: Mapping[str, object], run_id: str) -> None:
        ask(self._reporter, step, lambda: self._airflow.trigger(dag_id, conf, run_id=run_id))

    def _producer_conf(self) -> dict[str, object]:
        return {
            "session_date": self._play.session.trading_date.isoformat(),
            "calendar": self._play.session.calendar,
            "feed": self._play.feed,
            "symbols": list(self._play.symbols),
            "poll_interval": PAUSE_S,
        }


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
