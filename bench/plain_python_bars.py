"""What the second engine replaced: the same bars by a loop over psycopg's rows, decimals and all, one day in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import psycopg

_NS_PER_MINUTE = 60 * 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_MICRO = Decimal("0.000001")
_CHUNK = 20_000

TRADES = """
    SELECT
        symbol, feed, event_time_ns, sequence_number, trade_id_number, event_id::text, price, size, bar_session_part,
        adds_volume, sets_high_low, sets_open_close, volume_scope
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND event_type = 'trade'
      AND action <> 'cancel'
      AND bar_session_part IS NOT NULL
"""
BARS = """
    SELECT
        symbol, feed, bar_start, session_part, open, high, low, close, volume, notional, vwap, trade_count, volume_scope
    FROM market.bar_1m
    WHERE trading_date = %(trading_date)s
"""


@dataclass(slots=True)
class _Minute:
    first: tuple[Any, Decimal] | None = None
    last: tuple[Any, Decimal] | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    trade_count: int = 0
    scopes: set[str | None] = field(default_factory=set)

    def add(self, trade: tuple[Any, ...]) -> None:
        _, _, ns, sequence, number, event_id, price, size, _, adds_volume, sets_high_low, sets_open_close, scope = trade
        if sets_open_close:
            order = (ns, -1 if sequence is None else sequence, -1 if number is None else number, event_id)
            if self.first is None or order < self.first[0]:
                self.first = (order, price)
            if self.last is None or order > self.last[0]:
                self.last = (order, price)
        if sets_high_low:
            self.high = price if self.high is None or price > self.high else self.high
            self.low = price if self.low is None or price < self.low else self.low
        if adds_volume:
            self.volume = _EXACT.add(self.volume, size)
            self.notional = _EXACT.add(self.notional, _EXACT.multiply(price, size))
            self.trade_count += 1
            self.scopes.add(scope)

    def bar(self) -> tuple[Any, ...]:
        vwap = _EXACT.divide(self.notional, self.volume).quantize(_MICRO, context=_EXACT) if self.volume else None
        scope = self.scopes.pop() if len(self.scopes) == 1 else "unknown"
        opened, closed = self.first and self.first[1], self.last and self.last[1]
        return opened, self.high, self.low, closed, self.volume, self.notional, vwap, self.trade_count, scope


def minute_bars(trades: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    minutes: dict[tuple[Any, ...], _Minute] = {}
    for trade in trades:
        start = _EPOCH + timedelta(minutes=trade[2] // _NS_PER_MINUTE)
        minutes.setdefault((trade[0], trade[1], start, trade[8]), _Minute()).add(trade)
    return {key: minute.bar() for key, minute in minutes.items() if minute.trade_count}


def differing_bars(connection: psycopg.Connection, trading_date: date) -> tuple[int, int]:
    """How many bars there are and how many of them differ. Needs a transaction."""
    day = {"trading_date": trading_date}
    with connection.cursor("plain_trades") as trades:
        trades.itersize = _CHUNK
        trades.execute(TRADES, day)
        computed = minute_bars(trades)
    stored = {row[:4]: row[4:] for row in connection.execute(BARS, day)}
    known = computed.keys() | stored.keys()
    return len(known), sum(computed.get(key) != stored.get(key) for key in known)
