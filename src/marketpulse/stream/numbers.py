"""The numbers that one producer's records carry in one batch, kept as runs: almost always there is one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from marketpulse.stream.arrays import Integers, Mask


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

    def extend(self, numbers: Integers, are_duplicates: Mask) -> None:
        """Add many numbers in the order of their records."""
        if not len(numbers):
            return
        starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 2) != 1)
        only = np.logical_and.reduceat(are_duplicates, starts)
        lengths = np.diff(starts, append=len(numbers))
        for start, length, only_duplicates in zip(
            numbers[starts].tolist(), lengths.tolist(), only.tolist(), strict=True
        ):
            last = self._runs[-1] if self._runs else None
            if last is not None and start == last.end:
                last.end += length
                last.only_duplicates &= only_duplicates
            else:
                self._runs.append(_Run(start, start + length, only_duplicates))

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
