"""The processes of a stack, found by the mark in their environment: also those whose parents are long gone."""

import contextlib
import os
import sys
import time
from collections.abc import Iterable

import psutil

from marketpulse.local.program import COMPONENT_VARIABLE, STACK_VARIABLE


def find(stack_id: str, *, component: str | None = None) -> list[psutil.Process]:
    """Every process of the stack (of one component of it), oldest first; never this one or one above it."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in own:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get(STACK_VARIABLE) != stack_id:
                continue
            if component is None or environment.get(COMPONENT_VARIABLE) == component:
                found.append(process)
    return sorted(found, key=lambda process: process.create_time())


def component_of(process: psutil.Process) -> str | None:
    """Which component a process belongs to, None when that cannot be seen any more."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(COMPONENT_VARIABLE)
    return None


def end(processes: Iterable[psutil.Process], *, grace_s: float) -> None:
    """SIGTERM, then SIGKILL for what is left after `grace_s`; returns when all are gone."""
    everything = list(processes)
    if grace_s > 0:
        _signal_all(everything, "terminate")
        _, everything = psutil.wait_procs(everything, timeout=grace_s)
    _signal_all(everything, "kill")
    psutil.wait_procs(everything, timeout=5)


def end_leftovers(stack_id: str, *, component: str | None = None, grace_s: float = 3.0) -> int:
    """End every process with the mark, again until none is left (one may have started a child meanwhile)."""
    ended = 0
    for attempt in range(5):
        processes = find(stack_id, component=component)
        if not processes:
            break
        ended += len(processes)
        end(processes, grace_s=grace_s if attempt == 0 else 0)
        time.sleep(0.05)
    return ended


def _signal_all(processes: Iterable[psutil.Process], name: str) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            getattr(process, name)()


def main() -> None:
    """`python -m marketpulse.local.processes COMMAND...`: end what an earlier run of this component left, then be it.

    A killed Airflow scheduler leaves task processes behind that go on working and hold its log server's port.
    """
    stack_id, component = os.environ[STACK_VARIABLE], os.environ[COMPONENT_VARIABLE]
    end_leftovers(stack_id, component=component)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command is the supervisor's own


if __name__ == "__main__":
    main()
