"""One symbol's trades of one day as parallel arrays: what happened, when it became visible, what it looks like.

A row is one record on the wire. Rows are in order of event time and never change, so a row number is a place to
continue from; what changes with market time is which rows are visible and whether they show their amendment yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from marketpulse.events.session import Session

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.uint8]

# The newest trade is nearly always among the last so many rows.
_TAIL = 256

NEVER = np.iinfo(np.int64).max

# Kinds of rows: a fact, the same record shown a second time, a record that no reader can accept.
FACT, COPY, MALFORMED = 0, 1, 2
# What happens to a row at `changed_ns`.
STAYS, IS_CANCELED, IS_INCORRECT = 0, 1, 2
# Auction prints.
NO_AUCTION, OPENING, CLOSING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Trades:
    """The arrays. Prices and sizes are integers in units of 10**-digits; times are nanoseconds since 1970."""

    event_ns: IntArray
    visible_ns: IntArray
    changed_ns: IntArray
    change: CodeArray
    kind: CodeArray
    price: IntArray
    size: IntArray
    adds_volume: BoolArray
    sets_price: BoolArray
    in_regular: BoolArray
    auction: CodeArray
    on_free_feed: BoolArray

    def __len__(self) -> int:
        return len(self.event_ns)

    def take(self, rows: IntArray) -> "Trades":
        return Trades(**{name: getattr(self, name)[rows] for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class DayRows:
    """The rows of one symbol, feed and trading date; `wire[n]` is row n's JSON, `amended[n]` its JSON once changed."""

    symbol: str
    trading_date: date
    session: Session
    day_start_ns: int
    price_digits: int
    size_digits: int
    trades: Trades
    wire: tuple[bytes, ...]
    amended: Mapping[int, bytes]

    def visible(self, now_ns: int, start_ns: int, end_ns: int, after_row: int = -1) -> IntArray:
        """Row numbers behind `after_row` with event time in [start, end] that a request at `now_ns` may see."""
        events = self.trades.event_ns
        low = max(int(np.searchsorted(events, start_ns, "left")), after_row + 1)
        high = int(np.searchsorted(events, min(end_ns, now_ns), "right"))
        return np.flatnonzero(self.trades.visible_ns[low:high] <= now_ns) + low

    def records(self, rows: IntArray, now_ns: int) -> list[bytes]:
        """The wire text of rows as a request at `now_ns` sees them."""
        wire, amended, changed = self.wire, self.amended, self.trades.changed_ns
        if not amended:
            return [wire[row] for row in rows.tolist()]
        return [amended[row] if row in amended and changed[row] <= now_ns else wire[row] for row in rows.tolist()]

    def current(self, now_ns: int, low: int = 0, high: int | None = None) -> IntArray:
        """Row numbers in [low, high) of facts in force: visible, readable, no copy, neither cancelled nor replaced."""
        trades, part = self.trades, slice(low, high)
        is_current = (trades.visible_ns[part] <= now_ns) & (trades.changed_ns[part] > now_ns)
        return np.flatnonzero(is_current & (trades.kind[part] == FACT)) + low

    def newest(self, now_ns: int, among: BoolArray) -> int | None:
        """The last fact in force at `now_ns` of those marked in `among`."""
        high = int(np.searchsorted(self.trades.event_ns, now_ns, "right"))
        for low in (max(high - _TAIL, 0), 0):
            found = self.current(now_ns, low, high)
            found = found[among[found]]
            if len(found):
                return int(found[-1])
        return None

    def only(self, keep: BoolArray) -> "DayRows":
        """The same day with a part of its rows (another feed's view)."""
        rows = np.flatnonzero(keep)
        amended = {new: self.amended[old] for new, old in enumerate(rows.tolist()) if old in self.amended}
        return replace(
            self, trades=self.trades.take(rows), wire=tuple(self.wire[row] for row in rows.tolist()), amended=amended
        )
