"""Where a fault strikes: the processes of this stack, by the records that the stack itself keeps of them.

The supervisor knows its components, the lease names the producer, `ops.stream_run` the driver. A process id from a
table counts only while its process carries this stack's mark: ids are used again.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import psutil

from marketpulse.chaos.site import Site
from marketpulse.errors import RetriableError
from marketpulse.local import kafka, spark
from marketpulse.local.blueprint import POSTGRES
from marketpulse.local.processes import find
from marketpulse.local.program import STACK_VARIABLE
from marketpulse.resources import read_sql
from marketpulse.settings import PRODUCER_LEASE, STREAM
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.sink import session_prefix

Found = list[psutil.Process]


def processes_of(site: Site, target: str) -> Found:
    """The processes of a target, the one that matters most first. Raises RetriableError while there is none."""
    try:
        found = TARGETS[target](site)
    except psutil.Error:
        found = []
    if not found:
        raise RetriableError(f"there is no {target} at this moment")
    return found


def with_descendants(processes: Iterable[psutil.Process]) -> Found:
    """The same, each followed by what it has started; one that has ended meanwhile has started nothing."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        found[process.pid] = process
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {child.pid: child for child in process.children(recursive=True)}
    return list(found.values())


def resume(processes: Iterable[psutil.Process]) -> None:
    """SIGCONT to each of them that is still there."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


def stopped(site: Site) -> Found:
    """Every process of the stack that somebody stopped and did not let go on."""
    found = []
    for process in with_descendants(find(site.blueprint.credentials.stack_id)):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() == psutil.STATUS_STOPPED:
                found.append(process)
    return found


def driver_id(site: Site) -> int:
    """The process id that the stream's driver has entered. Raises RetriableError while there is none."""
    rows = _rows(site, "monitor/stream_run", {"stream": STREAM})
    if not rows:
        raise RetriableError("the stream has never run")
    return int(rows[0][2])


def _component(name: str) -> Callable[[Site], Found]:
    def find(site: Site) -> Found:
        return [psutil.Process(one.pid) for one in site.supervisor.programs() if one.name == name and one.pid]

    return find


def _producer(site: Site) -> Found:
    rows = _rows(site, "monitor/producer_lease", {"lease": PRODUCER_LEASE})
    return _marked(site, (int(str(holder).split(":")[1]) for holder, _ in rows))


def _driver_python(site: Site) -> Found:
    return _marked(site, [driver_id(site)])


def _driver(site: Site) -> Found:
    """The JVM: it has started the Python side, which enters itself."""
    return _marked(site, (parent.pid for one in _driver_python(site) if (parent := one.parent()) is not None))


def _executor(site: Site) -> Found:
    # For a moment there may be two: the newest is the one that works.
    running = [child for worker in _component(spark.WORKER)(site) for child in worker.children()]
    return sorted(running, key=lambda process: process.create_time())[-1:]


def _python_worker(site: Site) -> Found:
    below = [process for executor in _executor(site) for process in executor.children(recursive=True)]
    return [process for process in below if not process.children()]


def _postgres(site: Site) -> Found:
    return with_descendants(_component(POSTGRES)(site))


def _sink_session(site: Site) -> Found:
    rows = _rows(site, "chaos/select_sink_sessions", {"prefix": session_prefix(STREAM)})
    sessions = {int(row[0]) for row in rows}
    return [process for process in _postgres(site) if process.pid in sessions][:1]


def _marked(site: Site, pids: Iterable[int]) -> Found:
    processes = [psutil.Process(pid) for pid in pids]
    stack_id = site.blueprint.credentials.stack_id
    return [process for process in processes if process.environ().get(STACK_VARIABLE) == stack_id]


def _rows(site: Site, name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    dsn = site.blueprint.dsn("operations")
    with outages(dsn), connect(dsn, application_name="chaos", autocommit=True) as connection:
        return connection.execute(read_sql(name), values).fetchall()


PRODUCER, DRIVER, DRIVER_PYTHON, EXECUTOR = "producer", "driver", "driver's Python", "executor"
PYTHON_WORKER, KAFKA, SERVER, POSTMASTER = "Python worker", "Kafka", "Postgres", "postmaster"
SINK_SESSION = "sink's session"

TARGETS: dict[str, Callable[[Site], Found]] = {
    PRODUCER: _producer,
    DRIVER: _driver,
    DRIVER_PYTHON: _driver_python,
    EXECUTOR: _executor,
    PYTHON_WORKER: _python_worker,
    KAFKA: _component(kafka.NAME),
    SERVER: _postgres,
    POSTMASTER: _component(POSTGRES),
    SINK_SESSION: _sink_session,
}
