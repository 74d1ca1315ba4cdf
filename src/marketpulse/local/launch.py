"""The start of a stack: what depends on nothing begins at once, the rest as soon as what it needs answers."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial

from marketpulse.errors import MarketPulseError, OperatorError, RetriableError
from marketpulse.ingest.topic_setup import ensure_topics
from marketpulse.local import airflow, kafka, processes, spark
from marketpulse.local.airflow_api import AirflowApi
from marketpulse.local.airflow_connections import connections_of
from marketpulse.local.blueprint import AIRFLOW_POSTGRES, POSTGRES, SIMULATOR, Blueprint
from marketpulse.local.jars import install_jars
from marketpulse.local.layout import unusable
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.pipeline_dags import PIPELINE_DAGS, STREAM_DAG, beside_the_stream
from marketpulse.local.postgres import PostgresServer
from marketpulse.local.program import OF_UP
from marketpulse.local.progress import Reporter, StepState
from marketpulse.local.readiness import stream_is_ready
from marketpulse.local.status import component_answers
from marketpulse.local.supervisor import Supervisor
from marketpulse.warehouse import migrations
from marketpulse.warehouse.dimensions import fill_dimensions
from marketpulse.warehouse.roles import ReaderLimits, ensure_roles

# Long enough for a busy machine; a component that ends instead of answering is noticed much sooner.
COMPONENT_TIMEOUT_S = 240.0
STREAM_TIMEOUT_S = 300.0
FAILING_S = 6.0
PAUSE_S = 0.4

# Gets a function that tells how far it has come, and returns what it ends with.
Work = Callable[[Callable[[str], None]], str]


class _CancelledError(MarketPulseError):
    """Another part has failed, or the person pressed Ctrl-C."""


class Launch:
    """One start. `run` returns when the stream is ready to land; it raises what failed first."""

    def __init__(self, blueprint: Blueprint, reporter: Reporter) -> None:
        self._blueprint = blueprint
        self._reporter = reporter
        self._supervisor = Supervisor(blueprint.layout)
        self._environment = blueprint.environment()
        self._settings = blueprint.loaded_settings()
        self._cancelled = threading.Event()
        self._began_at = datetime.now(UTC)

    def run(self) -> None:
        """Everything, with as much at a time as the order allows."""
        blueprint = self._blueprint
        blueprint.airflow.configure()
        blueprint.spark.forget_applications()
        # A day that was being played when the stack ended would have run on ever since, at its speed.
        blueprint.layout.simulator_state.unlink(missing_ok=True)
        self._supervisor.start(
            blueprint.programs(), stack_id=blueprint.credentials.stack_id, environment=self._environment
        )
        with ThreadPoolExecutor(8) as pool:
            try:
                # Airflow takes longest, so its way begins first.
                works: list[tuple[str, Work]] = [
                    ("Airflow", self._airflow),
                    ("Postgres", self._market_database),
                    ("Kafka", self._broker),
                    ("Spark", self._spark),
                ]
                if blueprint.plan.simulated:
                    works.append(("simulated market", self._simulator))
                self._all([pool.submit(self._step, step, work) for step, work in works])
                self._step("connections", self._connect)
                self._step("stream", self._stream)
            finally:
                self._cancelled.set()
                # What a part still waits for: a download, a migration of Airflow's metadata.
                processes.end_leftovers(blueprint.credentials.stack_id, component=OF_UP, grace_s=0)

    def _all(self, parts: list[Future[None]]) -> None:
        done, _ = wait(parts, return_when=FIRST_EXCEPTION)
        failures = [error for part in done if (error := part.exception()) is not None]
        for failure in failures:
            if not isinstance(failure, _CancelledError):
                raise failure

    def _step(self, name: str, work: Work) -> None:
        state: StepState = "failed"
        detail = ""
        self._reporter.step(name, "running", "")
        try:
            detail = work(lambda text: self._reporter.step(name, "running", text))
            state = "done"
        except MarketPulseError as error:
            detail = str(error)
            raise
        except OSError as error:
            failure = unusable(error.filename or self._blueprint.layout.state, error)
            detail = str(failure)
            raise failure from None
        finally:
            self._reporter.step(name, state, detail)

    def _market_database(self, say: Callable[[str], None]) -> str:
        blueprint = self._blueprint
        self._start_server(POSTGRES, blueprint.postgres, say)
        say("roles and migrations")
        limits = ReaderLimits(self._settings.reader_statement_timeout_s, self._settings.reader_connections)
        self._persist(POSTGRES, lambda: ensure_roles(blueprint.postgres.dsn(), blueprint.role_passwords, limits))
        self._persist(POSTGRES, lambda: migrations.apply(blueprint.dsn("owner")))
        self._persist(POSTGRES, lambda: fill_dimensions(blueprint.dsn("operations"), self._settings.calendar))
        return f"{LOOPBACK}:{blueprint.plan.ports.postgres}"

    def _start_server(self, name: str, server: PostgresServer, say: Callable[[str], None]) -> None:
        say("creating the database cluster")
        server.initialise()
        say("starting")
        self._supervisor.start_program(name)
        self._until(server.answers, name)

    def _broker(self, say: Callable[[str], None]) -> str:
        broker = self._blueprint.kafka
        say("fetching what is missing of its jars")
        install_jars(
            broker.java,
            self._blueprint.layout.jars,
            environment=self._environment,
            tell=lambda there, wanted: say(f"fetching its jars and Spark's: {there} of {wanted}"),
        )
        broker.configure()
        say("starting")
        self._supervisor.start_program(kafka.NAME)
        self._until(broker.answers, kafka.NAME)
        self._persist(kafka.NAME, lambda: ensure_topics(broker.bootstrap, self._settings))
        return broker.bootstrap

    def _spark(self, say: Callable[[str], None]) -> str:
        say("starting master and worker")
        for name in (spark.MASTER, spark.WORKER):
            self._supervisor.start_program(name)
            self._until(lambda name=name: component_answers(self._blueprint, name), name)  # type: ignore[misc]
        return self._blueprint.spark.master_url

    def _simulator(self, say: Callable[[str], None]) -> str:
        say("starting")
        self._supervisor.start_program(SIMULATOR)
        self._until(lambda: component_answers(self._blueprint, SIMULATOR), SIMULATOR)
        return self._blueprint.simulator_url

    def _airflow(self, say: Callable[[str], None]) -> str:
        blueprint = self._blueprint
        self._start_server(AIRFLOW_POSTGRES, blueprint.airflow_postgres, say)
        say("metadata schema")
        blueprint.airflow.migrate(self._environment)
        say("starting its components")
        for name in (airflow.API_SERVER, airflow.SCHEDULER, airflow.DAG_PROCESSOR):
            self._supervisor.start_program(name)
        api = blueprint.airflow_api()
        self._until(lambda: api.health().get("scheduler", False), airflow.API_SERVER)
        return blueprint.airflow.url

    def _connect(self, say: Callable[[str], None]) -> str:
        api, made = self._blueprint.airflow_api(), connections_of(self._settings)
        self._persist(airflow.API_SERVER, lambda: api.put_connections(*made))
        say("waiting for the DAGs")
        wanted = set(PIPELINE_DAGS)
        self._until(lambda: wanted <= api.dag_ids(), "the DAGs", explain=lambda: _import_error(api))
        return f"{len(made)} connections, {len(wanted)} DAGs"

    def _stream(self, say: Callable[[str], None]) -> str:
        api = self._blueprint.airflow_api()
        say("the Spark job starts")
        self._persist(airflow.API_SERVER, lambda: api.unpause(STREAM_DAG))
        # Nothing that the stream waits for, so it does not compete with what the stream waits for.
        for name in (airflow.TRIGGERER, airflow.LOG_SERVER):
            self._supervisor.start_program(name)
        self._until(
            lambda: stream_is_ready(self._blueprint, self._settings, since=self._began_at),
            "the stream",
            timeout_s=STREAM_TIMEOUT_S,
        )
        wanted = beside_the_stream(
            simulated=self._blueprint.plan.simulated, producer_schedule=self._settings.producer_schedule
        )
        for dag_id in wanted:
            self._persist(airflow.API_SERVER, partial(api.unpause, dag_id))
        self._until(api.healthy, airflow.TRIGGERER)
        self._until(lambda: component_answers(self._blueprint, airflow.LOG_SERVER), airflow.LOG_SERVER)
        return "ready to land"

    def _persist(self, what: str, work: Callable[[], object]) -> None:
        """Do it, again after each outage: on a busy machine a component may answer once and then not for a while."""

        def done() -> bool:
            work()
            return True

        self._until(done, what)

    def _until(
        self,
        condition: Callable[[], bool],
        what: str,
        *,
        timeout_s: float = COMPONENT_TIMEOUT_S,
        explain: Callable[[], str] = lambda: "",
    ) -> None:
        deadline = time.monotonic() + timeout_s
        failing_since: float | None = None
        look_at = 0.0
        while True:
            if self._cancelled.is_set():
                raise _CancelledError(f"waiting for {what} was given up")
            try:
                if condition():
                    return
            except RetriableError:
                # Not there yet; the deadline decides.
                pass
            now = time.monotonic()
            if now >= look_at:
                look_at = now + FAILING_S / 4
                failing_since = (failing_since or now) if self._supervisor.is_failing(what) else None
            if now > deadline or (failing_since is not None and now - failing_since > FAILING_S):
                raise OperatorError(explain() or self._why_not(what, f"within {timeout_s:.0f} s"))
            self._cancelled.wait(PAUSE_S)

    def _why_not(self, what: str, limit: str) -> str:
        log = self._blueprint.layout.log(what)
        if not log.exists():
            return f"{what} did not become ready {limit}: see {log.parent}"
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return f"{what} did not become ready: see {log}, which ends with: {lines[-1][:200] if lines else 'nothing'}"


def _import_error(api: AirflowApi) -> str:
    errors = api.import_errors()
    return f"{len(errors)} DAG file(s) do not parse, the first: {errors[0]}" if errors else ""
