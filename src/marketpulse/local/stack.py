"""The embedded stack as one thing: bring it up, take it down."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from marketpulse.errors import InterruptionError, OperatorError
from marketpulse.local.airflow import ADMIN
from marketpulse.local.blueprint import DATABASE, Blueprint, running_blueprint
from marketpulse.local.credentials import load_or_create
from marketpulse.local.interruption import ends_once, ignored
from marketpulse.local.java import find_java
from marketpulse.local.launch import Launch
from marketpulse.local.layout import Layout, project_dir, write_private
from marketpulse.local.lock import Lock
from marketpulse.local.loopback import LOOPBACK
from marketpulse.local.plan import Plan, load_plan, save_plan
from marketpulse.local.ports import choose_ports, ports_by_hand
from marketpulse.local.postgres import discard_outside
from marketpulse.local.power_bi import write_pbids
from marketpulse.local.progress import Reporter, Silent
from marketpulse.local.readiness import wait_for_all
from marketpulse.local.supervisor import Supervisor
from marketpulse.local.teardown import stop_everything
from marketpulse.settings import persons_settings

PYTHONS = ((3, 11), (3, 12))
# A start that is told to end stops what it has started; a demo also ends its producer's run.
HOLDER_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class Running:
    """Addresses and logins of the stack that runs, for whoever works with it."""

    airflow_url: str
    airflow_user: str
    airflow_password: str = field(repr=False)
    control_url: str
    simulator_url: str
    kafka: str
    spark_master: str
    spark_ui: str
    owner_dsn: str = field(repr=False)
    writer_dsn: str = field(repr=False)
    operations_dsn: str = field(repr=False)
    reader_dsn: str = field(repr=False)
    superuser_dsn: str = field(repr=False)
    power_bi_file: Path
    state: Path
    simulated: bool


def up(reporter: Reporter | None = None, *, simulated: bool | None = None) -> bool:
    """Start everything; return when the stream is ready to land. False: it was running already, and is ready.

    `simulated` None: the simulated market, unless an API key is set. On any failure, and on Ctrl-C, everything that
    was started is stopped again before the error is raised.
    """
    reporter = reporter or Silent()
    layout = Layout.current()
    if sys.version_info[:2] not in PYTHONS:
        raise OperatorError(f"Python 3.11 or 3.12 is needed and this is {sys.version.split()[0]}: see the README")
    project_dir()
    has_key = bool(persons_settings().api_key.get_secret_value())
    layout.prepare()
    with Lock(layout.up_lock).held("another 'up' is starting this stack: wait for it, or stop it"):
        wanted = not has_key if simulated is None else simulated
        stored = Blueprint.stored(layout)
        if stored is not None and stored.plan.ready and Supervisor(layout).pid() is not None:
            _refuse_the_other_market(stored, simulated=wanted)
            wait_for_all(stored, reporter)
            reporter.step("stack", "done", "it is running already")
            return False
        with ends_once():
            stop_everything(layout, Silent())
            _start(_planned(layout, simulated=wanted), reporter)
    return True


def down(reporter: Reporter | None = None) -> tuple[str, ...]:
    """End a demo or a start that is under way, then stop everything this stack started, also what a crash left behind.

    Returns the names of the components that were running.
    """
    layout = Layout.current()
    if not layout.state.exists():
        return ()
    with Lock(layout.demo_lock).taken_over(timeout_s=HOLDER_TIMEOUT_S):
        return stop(reporter)


def stop(reporter: Reporter | None = None) -> tuple[str, ...]:
    """The same, for whoever plays a demo."""
    layout = Layout.current()
    with Lock(layout.up_lock).taken_over(timeout_s=HOLDER_TIMEOUT_S), ignored():
        return stop_everything(layout, reporter or Silent())


def _start(blueprint: Blueprint, reporter: Reporter) -> None:
    try:
        Launch(blueprint, reporter).run()
        layout = blueprint.layout
        # By name: credentials belong to the text of an address, and WSL forwards this one from Windows.
        write_pbids(layout.power_bi, server=f"localhost:{blueprint.plan.ports.postgres}", database=DATABASE)
        save_plan(layout.plan, msgspec.structs.replace(blueprint.plan, ready=True))
    except BaseException as error:
        with ignored():
            reporter.step("stack", "failed", "stopping what was started")
            stop_everything(blueprint.layout, Silent())
        if isinstance(error, KeyboardInterrupt):
            raise InterruptionError("interrupted; what was started is stopped again") from None
        raise


def _refuse_the_other_market(stored: Blueprint, *, simulated: bool) -> None:
    if stored.plan.simulated and not simulated:
        raise OperatorError("an API key is set and the running stack plays the simulated market: run make down first")
    if simulated and not stored.plan.simulated:
        raise OperatorError("the running stack reads the real market: run make down first")


def running() -> Running:
    """Addresses and logins. Raises OperatorError when there is no stack."""
    layout = Layout.current()
    blueprint = running_blueprint(layout)
    return Running(
        airflow_url=blueprint.airflow.url,
        airflow_user=ADMIN,
        airflow_password=blueprint.credentials.airflow_admin,
        control_url=blueprint.control_url,
        simulator_url=blueprint.simulator_url,
        kafka=blueprint.kafka.bootstrap,
        spark_master=blueprint.spark.master_url,
        spark_ui=f"http://{LOOPBACK}:{blueprint.plan.ports.spark_master_ui}",
        owner_dsn=blueprint.dsn("owner"),
        writer_dsn=blueprint.dsn("writer"),
        operations_dsn=blueprint.dsn("operations"),
        reader_dsn=blueprint.dsn("reader"),
        superuser_dsn=blueprint.postgres.dsn(),
        power_bi_file=layout.power_bi,
        state=layout.state,
        simulated=blueprint.plan.simulated,
    )


def _planned(layout: Layout, *, simulated: bool) -> Blueprint:
    java = find_java()
    earlier = load_plan(layout.plan)
    ports = choose_ports(ports_by_hand(), preferred=earlier.ports if earlier else None)
    credentials = load_or_create(layout.secrets)
    discard_outside(layout.state, keep=credentials.stack_id)
    plan = Plan(ports=ports, java=str(java.executable), java_version=java.version, simulated=simulated)
    save_plan(layout.plan, plan)
    blueprint = Blueprint(layout, plan, credentials)
    write_stack_env(blueprint)
    return blueprint


def write_stack_env(blueprint: Blueprint) -> None:
    """The file through which the command line finds this stack: see settings.py."""
    text = "".join(f"{name}='{_in_quotes(value)}'\n" for name, value in blueprint.settings().items())
    write_private(blueprint.layout.stack_env, text)


def _in_quotes(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
