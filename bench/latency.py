"""How long an event takes from when it is due at the producer to its row in Postgres, at steady rates.

    make bench-latency                     (ten minutes; the stream alone, then the whole stack up)
    python bench/latency.py --surroundings alone --seconds 30

An open loop: records are due by a schedule, and a late one counts from when it was due. The stream runs without a pause
through a warm-up and both rates. Rows, sums and hash must be those that were published, or there is no number.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np

from backlog.document import FOLDER, write_table
from backlog.live import PARTITIONS, Target, carried, stream_alone
from backlog.open_loop import Phase, Seconds
from marketpulse.local import stack as whole_stack
from marketpulse.settings import STATE_DIR_VARIABLE

RATES = (1_000, 10_000)
_WARM_UP = Phase(1_000, 30)


@contextmanager
def alone() -> Iterator[Target]:
    with stream_alone() as running:
        yield running.target


@contextmanager
def everything_up() -> Iterator[Target]:
    """What `make up` starts, Airflow with its DAGs included, in a state folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mp-") as folder:
        os.environ[STATE_DIR_VARIABLE] = folder
        try:
            whole_stack.up(simulated=True)
            running = whole_stack.running()
            dsns = {"owner": running.owner_dsn, "operations": running.operations_dsn}
            yield Target(running.kafka, dsns, running.state)
        finally:
            whole_stack.down()


SURROUNDINGS: Mapping[str, tuple[str, Callable[[], AbstractContextManager[Target]]]] = {
    "alone": ("broker, Postgres and the stream alone", alone),
    "whole": ("the whole stack up", everything_up),
}


def line(surroundings: str, rate: int, waits: Seconds) -> str:
    """Half of the records waited less than p50, all but one of a hundred less than p99."""
    figures = " | ".join(f"{figure * 1000:,.0f}" for figure in (*np.quantile(waits, (0.5, 0.95, 0.99)), waits.max()))
    return f"| {surroundings} | {rate:,} | {figures} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long each rate is kept")
    parser.add_argument("--surroundings", default=",".join(SURROUNDINGS), help="some of: %(default)s")
    parser.add_argument("--output", type=Path, default=FOLDER / "latency.md", help="where the table goes")
    given = parser.parse_args()
    # What was started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lines = ["| surroundings | events/s | p50, ms | p95, ms | p99, ms | longest, ms |", "|---" * 6 + "|"]
    for key in given.surroundings.split(","):
        name, running = SURROUNDINGS[key]
        with running() as target:
            waits = carried(target, (_WARM_UP, *(Phase(rate, given.seconds) for rate in RATES)))
        lines += [line(name, rate, found) for rate, found in zip(RATES, waits[1:], strict=True)]
        write_table(
            given.output,
            title="From published to visible in the table",
            command="make bench-latency",
            setup=f"{PARTITIONS} partitions, {given.seconds} s at each rate after {_WARM_UP.seconds} s to warm up.",
            table="\n".join(lines) + "\n",
        )
        print("\n".join(lines), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
