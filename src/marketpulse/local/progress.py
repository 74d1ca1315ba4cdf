"""What starting, stopping and playing tell whoever watches: one line a step, with its state and a short detail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

StepState = Literal["running", "done", "failed"]


class Reporter(Protocol):
    """Receives each change of a step, from any thread. Must return at once and never raise."""

    def step(self, name: str, state: StepState, detail: str = "") -> None: ...


class Silent:
    """Shows nothing."""

    def step(self, name: str, state: StepState, detail: str = "") -> None:
        """Ignore it."""


class PlainReporter:
    """One printed line when a step starts, ends or fails: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._states: dict[str, StepState] = {}

    def step(self, name: str, state: StepState, detail: str = "") -> None:
        if self._states.get(name) != state:
            self._states[name] = state
            self._console.print(
                f"{name}: {state}{f' ({detail})' if detail else ''}", markup=False, highlight=False, soft_wrap=True
            )


class LiveReporter:
    """A table that redraws in place: a spinner, a tick or a cross for every step, in the order they began."""

    def __init__(self, console: Console) -> None:
        self.live = Live(console=console, refresh_per_second=8, get_renderable=self._table)
        self._steps: dict[str, tuple[StepState, str]] = {}
        self._spinner = Spinner("dots")

    def step(self, name: str, state: StepState, detail: str = "") -> None:
        self._steps[name] = (state, detail)

    def _table(self) -> Group:
        table = Table.grid(padding=(0, 1))
        for name, (state, detail) in list(self._steps.items()):
            mark = {"done": Text("✓", "green"), "failed": Text("✗", "red")}.get(state, self._spinner)
            table.add_row(mark, Text(name), Text(detail, "dim"))
        return Group(table)


@contextmanager
def shown() -> Iterator[Reporter]:
    """A reporter on stderr: live on a terminal, plain lines otherwise."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainReporter(console)
        return
    reporter = LiveReporter(console)
    with reporter.live:
        yield reporter
