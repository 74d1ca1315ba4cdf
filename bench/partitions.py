"""What more partitions give: the same trades drained from topics of one, two and four, in turns, on the same cores.

    make bench-partitions                  (half an hour)
    python bench/partitions.py --rows 200000 --rounds 1

Every run has a broker, a PostgreSQL and a Spark cluster of its own, those of the embedded stack. Rows, sums and hash
must be those that were published, or there is no number.
"""

import argparse
import signal
import sys
from pathlib import Path
from statistics import median

from backlog.document import FOLDER, write_table
from backlog.prepare import staged
from backlog.processor_time import COMPONENTS
from backlog.report import spread
from backlog.run import Figures, measured
from backlog.stack import running_stack
from backlog.trades import Backlog
from contenders.ours import Ours

COUNTS = (1, 2, 4)


def drained(backlog: Backlog) -> Figures:
    """One run. Raises RuntimeError when the rows are not those that were published."""
    with running_stack() as stack:
        found = measured(Ours(), staged(stack, backlog))
    if isinstance(found, str):
        raise RuntimeError(f"{backlog.partitions} partitions: {found}")
    return found


def as_markdown(runs: dict[int, list[Figures]]) -> str:
    """A line for each number of partitions; ratios to one partition, round by round."""
    lines = ["| partitions | rows/s, steady | to one partition (median, range) | CPU-s per million |", "|---" * 4 + "|"]
    for count, found in runs.items():
        rates = [_rate(run) for run in found]
        ratios = [_rate(run) / _rate(one) for run, one in zip(found, runs[COUNTS[0]], strict=False)]
        cpu = median(sum(run.cpu_s[name] for name in COMPONENTS) / run.rows * 1e6 for run in found)
        lines.append(f"| {count} | {median(rates):,.0f} | {spread(ratios)} | {cpu:.1f} |")
    return "\n".join(lines) + "\n"


def _rate(run: Figures) -> float:
    return run.steady_rate or run.whole_rate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=FOLDER / "partitions.md", help="where the table goes")
    given = parser.parse_args()
    # What was started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runs: dict[int, list[Figures]] = {}
    for number in range(1, given.rounds + 1):
        for count in COUNTS if number % 2 else reversed(COUNTS):
            found = drained(Backlog(given.rows, partitions=count))
            runs.setdefault(count, []).append(found)
            print(f"round {number}: {count} partitions: {found}", flush=True)
        write_table(
            given.output,
            title="Partitions",
            command="make bench-partitions",
            setup=f"{given.rows:,} trades a run, rounds in turns: {number}.",
            table=as_markdown(runs),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
