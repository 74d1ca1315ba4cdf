"""The table of a run, in Markdown: it reads well in a terminal too."""

from collections.abc import Sequence
from statistics import median

from marketpulse.chaos.outcome import Outcome

HEAD = ("round", "fault", "target", "held", "recovered", "records", "equations", "health meanwhile", "result")
_RIGHT = {"round", "held", "recovered", "records", "equations"}


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """One row a round, and below it one line that sums them up."""
    rows = [_row(outcome) for outcome in outcomes]
    widths = [max(len(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD))]
    rule = ["-" * (width - 1) + (":" if name in _RIGHT else "-") for name, width in zip(HEAD, widths, strict=True)]
    lines = [_line(HEAD, widths), _line(rule, widths), *(_line(row, widths) for row in rows)]
    return "\n".join([*lines, "", summary(outcomes)])


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many rounds were good, and how long the recoveries took."""
    good = sum(outcome.is_good for outcome in outcomes)
    times = sorted(outcome.recovered_s for outcome in outcomes if outcome.recovered_s is not None)
    took = f"; recovered in {median(times):.1f} s (median), {times[-1]:.1f} s (longest)" if times else ""
    records = sum(outcome.records for outcome in outcomes)
    return f"{good} of {len(outcomes)} rounds recovered and balance{took}; {records:,} records landed"


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        str(outcome.number),
        outcome.kind,
        outcome.target,
        _seconds(outcome.held_s),
        _seconds(outcome.recovered_s),
        f"{outcome.records:,}",
        f"{outcome.balanced} of {outcome.equations}",
        outcome.health,
        outcome.failure.replace("|", "/") or "ok",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if name in _RIGHT else cell.ljust(width)
        for name, cell, width in zip(HEAD, cells, widths, strict=True)
    )
    return f"| {' | '.join(padded)} |"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
