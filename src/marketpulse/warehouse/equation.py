"""One equation of a proof: two sides from stored facts, and the places where they differ."""

import operator
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import islice
from typing import Literal

import msgspec

Relation = Literal["=", ">="]

_HOLDS: dict[Relation, Callable[[Decimal, Decimal], bool]] = {"=": operator.eq, ">=": operator.ge}
SAMPLE = 10


class Equation(msgspec.Struct, frozen=True, kw_only=True):
    """`left` and `right` are totals over all places (partitions, batches, bars, ...); the relation has to hold in each.

    `offences` counts the places where it does not, `offending` describes the first of them. `named` are places that
    keep it and are worth knowing all the same.
    """

    name: str
    left_name: str
    relation: Relation
    right_name: str
    left: Decimal
    right: Decimal
    offences: int
    offending: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        return self.offences == 0

    @property
    def verdict(self) -> Literal["ok", "empty", "BROKEN"]:
        """`empty` balances too, but says nothing: there was nothing to compare."""
        if self.offences:
            return "BROKEN"
        return "ok" if self.left or self.right else "empty"


class Tally:
    """Collects places in Python, for what no single query can compare."""

    def __init__(self, relation: Relation = "=") -> None:
        self._relation = relation
        self._holds = _HOLDS[relation]
        self._left = Decimal(0)
        self._right = Decimal(0)
        self._offences = 0
        self._offending: list[str] = []

    def add(self, place: str, left: Decimal | int, right: Decimal | int) -> None:
        """One place and its two sides."""
        one, other = Decimal(left), Decimal(right)
        self._left += one
        self._right += other
        if not self._holds(one, other):
            self.offend(f"{place}: {one:f} against {other:f}")

    def compared(self, places: int, equal: int, offending: Iterable[str]) -> None:
        """Many places whose sides are whole records, compared elsewhere; `offending` tells of the first that differ."""
        self._left += places
        self._right += equal
        self._offences += places - equal
        self._offending += islice(offending, max(0, SAMPLE - len(self._offending)))

    def compare(self, place: str, left: object, right: object) -> None:
        """One place whose sides are whole records: counted as one on each side when they are the same."""
        self._left += 1
        if left == right:
            self._right += 1
        else:
            self.offend(f"{place}: {left} against {right}")

    def offend(self, text: str) -> None:
        """One place that breaks the equation."""
        self._offences += 1
        if len(self._offending) < SAMPLE:
            self._offending.append(text)

    def equation(self, name: str, left_name: str, right_name: str) -> Equation:
        """What was collected."""
        return Equation(
            name=name,
            left_name=left_name,
            relation=self._relation,
            right_name=right_name,
            left=self._left,
            right=self._right,
            offences=self._offences,
            offending=tuple(self._offending),
        )
