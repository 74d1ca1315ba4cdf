"""What the running stack holds in memory, by component: proportional set size (PSS), shared pages split among sharers.

The resident set (RSS) stands beside it; summed over processes it counts every shared page again.
"""

import contextlib
from collections import defaultdict
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table

from marketpulse.local import processes
from marketpulse.local.blueprint import running_blueprint
from marketpulse.local.layout import Layout

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of one process."""

    pss: int
    rss: int


def held_by_component(stack_id: str) -> dict[str, list[Held]]:
    """Every process of the stack. Postgres' children hide their environment: they count to the nearest parent."""
    marked = processes.find(stack_id)
    component_of = {process.pid: processes.component_of(process) or "?" for process in marked}
    members = {process.pid: process for process in marked}
    # The youngest first: nearer parents before theirs.
    for parent in reversed(marked):
        for child in _descendants(parent):
            if child.pid not in component_of:
                component_of[child.pid] = component_of[parent.pid]
                members[child.pid] = child
    found: dict[str, list[Held]] = defaultdict(list)
    for pid, process in members.items():
        # One that ended meanwhile holds nothing.
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = process.memory_full_info()
            found[component_of[pid]].append(Held(memory.pss, memory.rss))
    return found


def _descendants(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def main() -> None:
    stack_id = running_blueprint(Layout.current()).credentials.stack_id
    table = Table("component", "processes", "PSS, MiB", "RSS, MiB", title="Memory of the running stack")
    for column in table.columns[1:]:
        column.justify = "right"
    everything: list[Held] = []
    for component, held in sorted(held_by_component(stack_id).items()):
        everything += held
        table.add_row(component, *_figures(held))
    table.add_section()
    table.add_row("all", *_figures(everything))
    Console().print(table)


def _figures(held: list[Held]) -> tuple[str, str, str]:
    pss, rss = sum(one.pss for one in held), sum(one.rss for one in held)
    return str(len(held)), f"{pss / MIB:,.0f}", f"{rss / MIB:,.0f}"


if __name__ == "__main__":
    main()
