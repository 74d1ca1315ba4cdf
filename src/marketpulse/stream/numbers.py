"""The numbers that one producer's records carry in one batch, kept as runs: almost always there is one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from psycopg.types.multirange import Multirange
from psycopg.types.range import Range


@dataclass(slots=True)
class _Run:
    """Numbers [start, end) in the order of their records."""

    start: int
    end: int
    only_duplicates: bool


@dataclass(slots=True)
class Numbers:
    """Numbers in the order of offsets. A number that does not follow the one before it begins another run."""

    _runs: list[_Run] = field(default_factory=list)

    def add(self, number: int, *, is_duplicate: bool) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and number == last.end:
            last.end += 1
            last.only_duplicates &= is_duplicate
        else:
            self._runs.append(_Run(number, number + 1, is_duplicate))

    @property
    def lowest(self) -> int | None:
        return min((run.start for run in self._runs), default=None)

    @property
    def highest(self) -> int | None:
        return max((run.end - 1 for run in self._runs), default=None)

    @property
    def seqs(self) -> Multirange[int]:
        """Every number once."""
        return _multirange(self._runs)

    @property
    def duplicate_seqs(self) -> Multirange[int]:
        """The runs in which every record was a duplicate."""
        return _multirange(run for run in self._runs if run.only_duplicates)


def _multirange(runs: Iterable[_Run]) -> Multirange[int]:
    return Multirange([Range(run.start, run.end) for run in runs])
