"""The embedded stack as one thing: bring it up, take it down, look at it."""

import contextlib
import fcntl
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.local import airflow, processes, supervisor
from marketpulse.local.airflow import ADMIN
from marketpulse.local.blueprint import AIRFLOW_POSTGRES, DATABASE, POSTGRES, Blueprint, running_blueprint
from marketpulse.local.credentials import load, load_or_create
from marketpulse.local.java import find_java
from marketpulse.local.launch import Launch
from marketpulse.local.layout import Layout, project_dir, write_private
from marketpulse.local.plan import Plan, load_plan, save_plan
from marketpulse.local.ports import LOOPBACK, choose_ports, ports_by_hand
from marketpulse.local.postgres import discard_outside
from marketpulse.local.power_bi import write_pbids
from marketpulse.local.progress import Reporter, Silent
from marketpulse.local.status import StackStatus, stack_status
from marketpulse.local.supervisor import Supervisor
from marketpulse.settings import Settings

PYTHONS = ((3, 11), (3, 12))
SERVERS = (POSTGRES, AIRFLOW_POSTGRES)


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
    """Start everything; return when the stream is ready to land. False: it was running already.

    `simulated` None: the simulated market, unless an API key is set. On any failure, and on Ctrl-C, everything that
    was started is stopped again before the error is raised.
    """
    reporter = reporter or Silent()
    layout = Layout.current()
    if sys.version_info[:2] not in PYTHONS:
        raise OperatorError(f"Python 3.11 or 3.12 is needed and this is {sys.version.split()[0]}: see the README")
    project_dir()
    layout.prepare()
    with _only_one(layout):
        stored = Blueprint.stored(layout)
        wanted = not _own_key() if simulated is None else simulated
        if stored is not None and stored.plan.ready and Supervisor(layout).pid() is not None:
            if simulated is not None and stored.plan.simulated != simulated:
                raise OperatorError("the running stack reads the real market: run 'make down' first")
            reporter.step("stack", "done", "it is running already")
            return False
        _stop_everything(layout, Silent())
        blueprint = _planned(layout, simulated=wanted)
        try:
            _end_like_ctrl_c()
            Launch(blueprint, reporter).run()
            # By name: credentials belong to the text of an address, and WSL forwards this one from Windows.
            write_pbids(layout.power_bi, server=f"localhost:{blueprint.plan.ports.postgres}", database=DATABASE)
            save_plan(layout.plan, msgspec.structs.replace(blueprint.plan, ready=True))
        except BaseException:
            reporter.step("stack", "failed", "stopping what was started")
            _stop_everything(layout, Silent())
            raise
    return True


def down(reporter: Reporter | None = None) -> bool:
    """Stop everything this stack started, also what a crash left behind. False: nothing was running."""
    return _stop_everything(Layout.current(), reporter or Silent())


def status() -> StackStatus:
    """What is running. Raises OperatorError when there is no stack."""
    return stack_status(running_blueprint(Layout.current()))


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


def log_lines(name: str, *, follow: bool = False) -> Iterator[str]:
    """A component's log, from its beginning; with `follow` it never ends. Raises OperatorError on an unknown name."""
    layout = Layout.current()
    path = layout.log(name)
    if not path.exists():
        known = sorted(file.stem for file in layout.logs.glob("*.log"))
        raise OperatorError(f"there is no log {name!r}: use one of {', '.join(known) or '(no stack was started yet)'}")
    return _lines(path, follow=follow)


def _lines(path: Path, *, follow: bool) -> Iterator[str]:
    while True:
        with path.open(encoding="utf-8", errors="replace") as file:
            identity = path.stat().st_ino
            while True:
                line = file.readline()
                if line:
                    yield line.rstrip("\n")
                elif not follow:
                    return
                elif path.exists() and path.stat().st_ino != identity:
                    # The log was rotated.
                    break
                else:
                    time.sleep(0.3)


def _own_key() -> bool:
    """Whether a person set an API key; the stack's own file is left out, it may be an earlier simulation's."""
    return bool(Settings(_env_file=Path(".env")).api_key.get_secret_value())


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


def _end_like_ctrl_c() -> None:
    """A SIGTERM in the middle of a start takes everything down again too."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    with layout.up_lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError("another 'up' is starting this stack: wait for it, or stop it") from None
        yield


def _stop_everything(layout: Layout, reporter: Reporter) -> bool:
    """Tasks first, then what they use, Postgres last; what does not end in time is killed."""
    credentials = load(layout.secrets)
    if credentials is None:
        return False
    control = Supervisor(layout)
    there = bool(processes.find(credentials.stack_id))
    if control.pid() is not None:
        reporter.step("stack", "running", "ending Airflow's tasks")
        control.stop_program(airflow.SCHEDULER, wait=True)
        reporter.step("stack", "running", "stopping components")
        names = [program.name for program in control.programs()]
        _stop(control, [name for name in names if name not in SERVERS], timeout_s=7)
        _stop(control, list(SERVERS), timeout_s=6)
        control.shut_down()
        _gone_within(control, timeout_s=3)
    rest = processes.find(credentials.stack_id)
    servers = [process for process in rest if processes.component_of(process) in SERVERS]
    processes.end([process for process in rest if process not in servers], grace_s=2)
    processes.end(servers, grace_s=3)
    processes.end_leftovers(credentials.stack_id, grace_s=0)
    supervisor.socket_path(layout.state).unlink(missing_ok=True)
    reporter.step("stack", "done", "stopped" if there else "nothing was running")
    return there


def _stop(control: Supervisor, names: list[str], *, timeout_s: float) -> None:
    for name in names:
        control.stop_program(name, wait=False)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if all(program.pid is None for program in control.programs() if program.name in names):
            return
        time.sleep(0.1)


def _gone_within(control: Supervisor, *, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while control.pid() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
