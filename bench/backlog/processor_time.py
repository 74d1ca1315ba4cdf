"""CPU-seconds by component, read from /proc: the broker, Postgres, Spark's JVMs, Python."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
COMPONENTS = ("broker", "postgres", "jvm", "python")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    own_s: float
    reaped_s: float


def used_s(roots: Mapping[int, str]) -> dict[str, float]:
    """CPU-seconds so far of the process trees under `roots` (pid -> component; "" = by program), ended children
    included: their parent has waited for them."""
    table = _processes()
    total = dict.fromkeys(COMPONENTS, 0.0)
    for process in table.values():
        component = _component(process, table, roots)
        if component is None:
            continue
        total[component] += process.own_s
        # A JVM's ended children are Python workers.
        total["python" if component == "jvm" else component] += process.reaped_s
    return total


def _component(process: _Process, table: Mapping[int, _Process], roots: Mapping[int, str]) -> str | None:
    pid = process.pid
    while pid not in roots:
        if pid not in table:
            return None
        pid = table[pid].parent
    return roots[pid] or ("jvm" if process.name == "java" else "python")


def _processes() -> dict[int, _Process]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        own, reaped = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        pid = int(folder.name)
        found[pid] = _Process(pid, int(fields[1]), name, own / _TICKS_PER_S, reaped / _TICKS_PER_S)
    return found
