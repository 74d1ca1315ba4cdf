"""One run of one contender: when how many rows were committed, and the CPU-seconds that it took."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
import psycopg

from backlog.gate import Fingerprint, begin_after, fingerprint
from backlog.processor_time import used_s
from backlog.stack import Stack
from backlog.trades import Backlog
from marketpulse.local.kafka import NAME as KAFKA

_STANDSTILL_S = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """At this moment (seconds since 1970) so many rows were committed."""

    at_s: float
    rows: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What every contender gets: the stack, what is in its topic, and the same rows as a file."""

    stack: Stack
    backlog: Backlog
    rows_file: Path
    produced: Fingerprint


class Contender(Protocol):
    """`source` is the view or table (schema, name) whose rows are compared with what was produced."""

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> tuple[str, str]: ...

    def drain(self, stage: Stage, meter: "Meter") -> Sequence[Mark]:
        """Drain the topic into empty tables and return the marks in order; the last one is the end.

        It starts the meter when all is ready, gives it what it runs, and ends that after `meter.stop()`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed; the steady state is what follows the first batch."""

    rows: int
    whole_s: float
    steady_rows: int
    steady_s: float
    cpu_s: dict[str, float]

    def __str__(self) -> str:
        cpu = ", ".join(f"{name} {used / self.rows * 1e6:.1f}" for name, used in self.cpu_s.items())
        steady = f", steady {self.steady_rate:,.0f}" if self.steady_rate else ""
        return f"{self.whole_rate:,.0f} rows/s{steady}; CPU-s per million: {cpu}"

    @property
    def whole_rate(self) -> float:
        return self.rows / self.whole_s

    @property
    def steady_rate(self) -> float | None:
        """None when there was but one batch."""
        return self.steady_rows / self.steady_s if self.steady_rows and self.steady_s else None


@dataclass(slots=True)
class Meter:
    """The stop watch of one run and the CPU time of what serves it."""

    stack: Stack
    roots: dict[int, str] = field(default_factory=dict)
    started_s: float = 0.0
    _before: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        with psycopg.connect(self.stack.dsns["owner"]) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            postmaster = psutil.Process(row[0]).ppid()
        pids = {name: process.pid for name, process in self.stack.processes.items()}
        self.roots = {pid: "broker" if name == KAFKA else "" for name, pid in pids.items()}
        self.roots[postmaster] = "postgres"
        self._before = used_s(self.roots)
        self.started_s = time.time()

    def watch(self, pid: int) -> None:
        """A process tree that belongs to this run."""
        self.roots[pid] = ""

    def stop(self) -> None:
        after = used_s(self.roots)
        self.cpu_s = {name: after[name] - self._before[name] for name in after}


def figures(meter: Meter, marks: Sequence[Mark]) -> Figures:
    """The whole run from its start, the steady state from the end of the first batch."""
    first, last = marks[0], marks[-1]
    return Figures(
        rows=last.rows,
        whole_s=last.at_s - meter.started_s,
        steady_rows=last.rows - first.rows,
        steady_s=last.at_s - first.at_s,
        cpu_s=meter.cpu_s,
    )


def measured(contender: Contender, stage: Stage) -> Figures | str:
    """The figures of one run; a text when it gets none, and why."""
    owner = stage.stack.dsns["owner"]
    begin_after(owner)
    meter = Meter(stage.stack)
    try:
        marks = contender.drain(stage, meter)
    except (RuntimeError, TimeoutError) as error:
        return str(error)
    difference = stage.produced.difference(fingerprint(owner, contender.source))
    return difference or figures(meter, marks)


def polled(rows: Callable[[], int], *, wanted: int, alive: Callable[[], bool], every_s: float = 0.05) -> list[Mark]:
    """Marks of what can be asked for its progress, until everything is there. Raises RuntimeError when it ended, or
    stands still."""
    marks: list[Mark] = []
    began_s = time.time()
    while True:
        found = rows()
        if found and (not marks or found > marks[-1].rows):
            marks.append(Mark(time.time(), found))
        if found >= wanted:
            return marks
        if not alive():
            raise RuntimeError(f"ended after {found:,} of {wanted:,} rows")
        if time.time() - (marks[-1].at_s if marks else began_s) > _STANDSTILL_S:
            raise RuntimeError(f"stands still after {found:,} of {wanted:,} rows")
        time.sleep(every_s)


def read_marks(path: Path) -> list[Mark]:
    """What a process of its own has written down: a line of JSON a mark."""
    return [Mark(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def ended_with(stack: Stack, name: str) -> Iterator[None]:
    """The program of this name is stopped however the block ends, and its last words explain a failure."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(f"{name}: {error}\n{stack.log_tail(name)}") from error
    finally:
        stack.stop(name)
