"""Trades as a generator draws them, before anything happens to their reports."""

from dataclasses import dataclass

import numpy as np

from marketpulse.simulator.rows import CodeArray, IntArray

PRICE_DIGITS = 4
SIZE_DIGITS = 2
PRICE_UNIT = 10**PRICE_DIGITS
SIZE_UNIT = 10**SIZE_DIGITS

# Exchange letters of the wire. V is the one whose trades make up the free feed; D reports what traded off exchange.
VENUES = ("V", "D", "Q", "K", "P", "Z", "N", "Y", "J", "H", "X")
FREE_VENUE = VENUES.index("V")
OFF_EXCHANGE = VENUES.index("D")


@dataclass(frozen=True, slots=True)
class Draft:
    """Parallel arrays in order of time: price in 10**-4 dollars, size in 10**-2 shares, sale and venue as indices."""

    event_ns: IntArray
    price: IntArray
    size: IntArray
    sale: CodeArray
    venue: CodeArray

    def __len__(self) -> int:
        return len(self.event_ns)

    def take(self, rows: IntArray) -> "Draft":
        return Draft(**{name: getattr(self, name)[rows] for name in self.__slots__})

    def joined(self, *others: "Draft") -> "Draft":
        """All trades one after the other, unsorted."""
        parts = (self, *others)
        return Draft(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in self.__slots__})

    def in_time_order(self) -> "Draft":
        return self.take(np.argsort(self.event_ns, kind="stable"))
