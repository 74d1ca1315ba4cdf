"""The truth ledger: what a reader who saw everything visible by now must hold for one day, counted from the rows."""

import msgspec

from marketpulse.events.timestamps import NS_PER_MINUTE
from marketpulse.simulator.bars import notional
from marketpulse.simulator.rows import (
    CLOSING,
    COPY,
    FACT,
    IS_CANCELED,
    IS_INCORRECT,
    MALFORMED,
    OPENING,
    DayRows,
    IntArray,
)
from marketpulse.simulator.wire import decimal_text

_LATE_NS = NS_PER_MINUTE


class SymbolTruth(msgspec.Struct, frozen=True):
    """One symbol's day. `trades` are the facts in force with official reports; volume and notional leave those out.

    `versions` counts every state ever shown of every fact: a cancelled trade has two, a corrected one three (the trade,
    its withdrawal, the trade in its place). `duplicated` are further showings of the same record in one answer.
    """

    trades: int
    versions: int
    cancelled: int
    corrected: int
    late: int
    duplicated: int
    reports: int
    volume: str
    notional: str
    open_auction: str | None
    close_auction: str | None


class Truth(msgspec.Struct, frozen=True):
    """A day of a feed at `market_at`."""

    trading_date: str
    feed: str
    market_at: str
    symbols: dict[str, SymbolTruth]
    malformed: int
    total_trades: int
    total_versions: int


def symbol_truth(rows: DayRows, now_ns: int) -> SymbolTruth:
    """What is true of a symbol's day for a reader at `now_ns`."""
    trades = rows.trades
    current = rows.current(now_ns)
    shown = (trades.visible_ns <= now_ns) & (trades.kind == FACT)
    changed = shown & (trades.changed_ns <= now_ns)
    counted = current[trades.adds_volume[current]]
    return SymbolTruth(
        trades=len(current),
        versions=int(shown.sum() + changed.sum()),
        cancelled=int((changed & (trades.change == IS_CANCELED)).sum()),
        corrected=int((changed & (trades.change == IS_INCORRECT)).sum()),
        late=int((shown & (trades.visible_ns - trades.event_ns > _LATE_NS)).sum()),
        duplicated=int(((trades.visible_ns <= now_ns) & (trades.kind == COPY)).sum()),
        reports=len(current) - len(counted),
        volume=decimal_text(int(trades.size[counted].sum()), rows.size_digits),
        notional=decimal_text(notional(rows, counted), rows.price_digits + rows.size_digits),
        open_auction=_price(rows, current[trades.auction[current] == OPENING]),
        close_auction=_price(rows, current[trades.auction[current] == CLOSING]),
    )


def malformed(rows: DayRows, now_ns: int) -> int:
    """Unreadable records shown so far."""
    return int(((rows.trades.visible_ns <= now_ns) & (rows.trades.kind == MALFORMED)).sum())


def _price(rows: DayRows, which: IntArray) -> str | None:
    return decimal_text(int(rows.trades.price[which[0]]), rows.price_digits) if len(which) else None
