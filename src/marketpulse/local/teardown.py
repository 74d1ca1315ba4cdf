"""The end of a stack: everything it started, also what a crash left behind."""

import time

from marketpulse.local import airflow, processes, supervisor
from marketpulse.local.blueprint import AIRFLOW_POSTGRES, POSTGRES
from marketpulse.local.credentials import load
from marketpulse.local.layout import Layout
from marketpulse.local.progress import Reporter
from marketpulse.local.supervisor import Supervisor

SERVERS = (POSTGRES, AIRFLOW_POSTGRES)


def stop_everything(layout: Layout, reporter: Reporter) -> tuple[str, ...]:
    """Tasks first, then what they use, Postgres last; what does not end in time is killed. Names what was running."""
    credentials = load(layout.secrets)
    if credentials is None:
        return ()
    control = Supervisor(layout)
    running = processes.find(credentials.stack_id)
    names = {name for process in running if (name := processes.component_of(process)) is not None}
    if control.pid() is not None:
        reporter.step("stack", "running", "ending Airflow's tasks")
        control.stop_program(airflow.SCHEDULER, wait=True)
        reporter.step("stack", "running", "stopping components")
        programs = [program.name for program in control.programs()]
        _stop(control, [name for name in programs if name not in SERVERS], timeout_s=7)
        _stop(control, list(SERVERS), timeout_s=6)
        control.shut_down()
        _gone_within(control, timeout_s=3)
    rest = processes.find(credentials.stack_id)
    servers = [process for process in rest if processes.component_of(process) in SERVERS]
    processes.end([process for process in rest if process not in servers], grace_s=2)
    processes.end(servers, grace_s=3)
    processes.end_leftovers(credentials.stack_id, grace_s=0)
    supervisor.socket_path(layout.state).unlink(missing_ok=True)
    reporter.step("stack", "done", "stopped" if running else "nothing was running")
    return tuple(sorted(names))


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
