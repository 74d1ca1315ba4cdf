"""The table of a drain benchmark: medians, ratios of ours round by round, CPU time by component."""

from collections.abc import Mapping, Sequence
from statistics import median

from backlog.journal import Journal
from backlog.processor_time import COMPONENTS
from backlog.run import Figures

_COLUMNS = (
    "contender",
    "rows/s, whole run",
    "rows/s, steady",
    "ours is so many times as fast (median, range)",
    *(f"{component}, CPU-s per million" for component in COMPONENTS),
    "all, CPU-s per million",
)


def ratios(ours: Mapping[int, Figures], other: Mapping[int, Figures]) -> list[float]:
    """Ours to the other one, in each round that has both: steady rates where both have one, whole runs else."""
    found = []
    for number in sorted(ours.keys() & other.keys()):
        mine, theirs = ours[number], other[number]
        if mine.steady_rate and theirs.steady_rate:
            found.append(mine.steady_rate / theirs.steady_rate)
        else:
            found.append(mine.whole_rate / theirs.whole_rate)
    return found


def as_markdown(journal: Journal, ours: str) -> str:
    """Every contender of the journal, a line each."""
    names = [*journal.figures, *(name for name in journal.rejected if name not in journal.figures)]
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    lines += [_line(journal, name, ours) for name in names]
    return "\n".join(lines) + "\n"


def _line(journal: Journal, name: str, ours: str) -> str:
    runs = journal.counted(name)
    if not runs:
        return f"| {name} | no number |{' |' * (len(_COLUMNS) - 2)}"
    steady = [run.steady_rate for run in runs.values() if run.steady_rate]
    per_million = [median(run.cpu_s[key] / run.rows * 1e6 for run in runs.values()) for key in COMPONENTS]
    cells = [
        name,
        f"{median(run.whole_rate for run in runs.values()):,.0f}",
        f"{median(steady):,.0f}" if steady else "–",
        "–" if name == ours else spread(ratios(journal.counted(ours), runs)),
        *(f"{seconds:.1f}" for seconds in (*per_million, sum(per_million))),
    ]
    return f"| {' | '.join(cells)} |"


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})" if values else "–"
