"""Whether the stream keeps its pace and its memory: half an hour at five thousand events a second.

    make bench-soak                        (forty minutes, 20 GB of disk for as long as it runs)
    python bench/soak.py --minutes 3 --rate 2000

An open loop, as bench/latency.py has it. Memory is the proportional set size (PSS) of the driver (its JVM and its
Python) and of the executor (its JVM and the Python workers), once a minute. Exit status 1 above the limit, or when the
second half holds more than the first.
"""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import psycopg

from backlog.document import FOLDER, write_table
from backlog.live import PARTITIONS, Alone, carried, stream_alone
from backlog.open_loop import Phase, Seconds

LIMIT_MIB = 2048
# What the second half may hold more than the first: heaps breathe.
GROWTH = 1.05
_MIB = 2**20
_EVERY_S = 60.0
_SINKS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%% sink %%'"


@dataclass(frozen=True, slots=True)
class Sample:
    """MiB at a moment, and how many connections the sink holds."""

    driver: float
    executor: float
    connections: int

    @property
    def together(self) -> float:
        return self.driver + self.executor


@dataclass(slots=True)
class Sampler:
    """Looks once a minute, beside whoever waits for the load."""

    running: Alone
    samples: list[Sample] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        with psycopg.connect(self.running.target.dsns["owner"], autocommit=True) as connection:
            while not self._ended.wait(_EVERY_S):
                row = connection.execute(_SINKS).fetchone()
                assert row is not None
                self.samples.append(
                    Sample(held_mib(self.running.driver_pid), held_mib(self.running.worker_pid, itself=False), row[0])
                )

    def end(self) -> None:
        self._ended.set()


def held_mib(pid: int, *, itself: bool = True) -> float:
    """PSS of a process tree; without the root, of all that it started."""
    total = 0
    root = psutil.Process(pid)
    for process in ([root] if itself else []) + root.children(recursive=True):
        # One that ended meanwhile holds nothing.
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / _MIB


def soaked(rate: int, minutes: int) -> tuple[list[Sample], Seconds]:
    """One sample a minute, and the wait of every record."""
    with stream_alone() as running:
        sampler = Sampler(running)
        thread = threading.Thread(target=sampler.look, daemon=True)
        thread.start()
        try:
            (waits,) = carried(running.target, (Phase(rate, minutes * 60),))
        finally:
            sampler.end()
            thread.join()
    return sampler.samples[:minutes], waits


def halves(samples: Sequence[Sample]) -> tuple[float, float]:
    """The medians of the first and of the second half, driver and executor together."""
    middle = len(samples) // 2
    first, second = samples[:middle], samples[middle:]
    return median(sample.together for sample in first), median(sample.together for sample in second)


def as_markdown(samples: Sequence[Sample], waits: Seconds) -> str:
    """A line every five minutes, and what the whole run says."""
    before, after = halves(samples)
    p50, p99 = np.quantile(waits, (0.5, 0.99)) * 1000
    lines = ["| minute | driver, MiB | executor, MiB | together, MiB | sink's connections |", "|---" * 5 + "|"]
    for minute, sample in enumerate(samples, start=1):
        if minute in (1, len(samples)) or minute % 5 == 0:
            cells = (sample.driver, sample.executor, sample.together, sample.connections)
            lines.append(f"| {minute} | {' | '.join(f'{cell:,.0f}' for cell in cells)} |")
    lines += [
        "",
        f"Most at any minute {max(sample.together for sample in samples):,.0f} MiB (limit {LIMIT_MIB:,}); median of the"
        f" first half {before:,.0f}, of the second {after:,.0f}. From due to visible: p50 {p50:,.0f} ms, p99"
        f" {p99:,.0f} ms.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    parser.add_argument("--output", type=Path, default=FOLDER / "soak.md", help="where the table goes")
    given = parser.parse_args()
    # What was started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    samples, waits = soaked(given.rate, given.minutes)
    table = as_markdown(samples, waits)
    write_table(
        given.output,
        title="Half an hour at a steady rate",
        command="make bench-soak",
        setup=f"{given.rate:,} events/s for {given.minutes} minutes, {PARTITIONS} partitions.",
        table=table,
    )
    print(table)
    before, after = halves(samples)
    return 0 if max(sample.together for sample in samples) <= LIMIT_MIB and after <= before * GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
