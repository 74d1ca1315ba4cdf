"""Minute bars from trades, in plain Python: a second opinion on the sink's SQL, sharing nothing with it but the facts.

The trades come in any order. Open is the first and close the last price by event time, sequence, trade id, event id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

import psycopg

from marketpulse.resources import read_sql
from marketpulse.warehouse.equation import Equation, Tally

_NS_PER_MINUTE = 60 * 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Sums of numeric(38, 12) must not round on the way.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_MICRO = Decimal("0.000001")
# Rows a fetch of the server-side cursor: some megabytes.
_CHUNK = 20_000


class BarKey(NamedTuple):
    """The key of a bar."""

    symbol: str
    feed: str
    bar_start: datetime
    session_part: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute as stored or as recomputed."""

    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    notional: Decimal
    vwap: Decimal | None
    trade_count: int
    volume_scope: str


class TradeRow(NamedTuple):
    """A trade in force, in the column order of include/sql/proof/select_trades.sql; a tuple, for there are many."""

    symbol: str
    feed: str
    event_time_ns: int
    sequence_number: Decimal | None
    trade_id_number: Decimal | None
    event_id: str
    price: Decimal
    size: Decimal
    bar_session_part: str
    adds_volume: bool
    sets_high_low: bool
    sets_open_close: bool
    volume_scope: str | None


Order = tuple[int, Decimal | int, Decimal | int, str]


@dataclass(slots=True)
class _Minute:
    first: tuple[Order, Decimal] | None = None
    last: tuple[Order, Decimal] | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    trade_count: int = 0
    scopes: set[str | None] = field(default_factory=set)

    def add(self, trade: TradeRow) -> None:
        price = trade.price
        if trade.sets_open_close:
            dated = (_order(trade), price)
            if self.first is None or dated < self.first:
                self.first = dated
            if self.last is None or dated > self.last:
                self.last = dated
        if trade.sets_high_low:
            self.high = price if self.high is None or price > self.high else self.high
            self.low = price if self.low is None or price < self.low else self.low
        if trade.adds_volume:
            self.volume = _EXACT.add(self.volume, trade.size)
            self.notional = _EXACT.add(self.notional, _EXACT.multiply(price, trade.size))
            self.trade_count += 1
            self.scopes.add(trade.volume_scope)

    def bar(self) -> Bar:
        vwap = _EXACT.divide(self.notional, self.volume).quantize(_MICRO, context=_EXACT) if self.volume else None
        scopes = self.scopes - {None}
        return Bar(
            open=self.first[1] if self.first else None,
            high=self.high,
            low=self.low,
            close=self.last[1] if self.last else None,
            volume=self.volume,
            notional=self.notional,
            vwap=vwap,
            trade_count=self.trade_count,
            volume_scope=(scopes.pop() or "unknown") if len(scopes) == 1 else "unknown",
        )


def minute_bars(trades: Iterable[TradeRow]) -> dict[BarKey, Bar]:
    """The bars of some trades; a minute in which nothing adds volume has none."""
    minutes: dict[BarKey, _Minute] = {}
    for trade in trades:
        start_min = trade.event_time_ns // _NS_PER_MINUTE
        key = BarKey(trade.symbol, trade.feed, _EPOCH + timedelta(minutes=start_min), trade.bar_session_part)
        minutes.setdefault(key, _Minute()).add(trade)
    return {key: minute.bar() for key, minute in minutes.items() if minute.trade_count}


def bars_recomputed(connection: psycopg.Connection, trading_dates: Iterable[object]) -> Equation:
    """Stored bars of some days against the same bars computed again, each with every figure. Needs a transaction."""
    tally = Tally()
    for trading_date in trading_dates:
        day = {"trading_date": trading_date}
        with connection.cursor("proof_trades") as trades:
            trades.itersize = _CHUNK
            trades.execute(read_sql("proof/select_trades"), day)
            computed = minute_bars(map(TradeRow._make, trades))
        stored = {
            BarKey(symbol, feed, bar_start, part): Bar(*figures)
            for symbol, feed, bar_start, part, *figures in connection.execute(read_sql("proof/select_bars"), day)
        }
        for key in sorted(computed.keys() | stored.keys()):
            place = f"{key.symbol} {key.feed} {key.bar_start:%Y-%m-%d %H:%M}Z {key.session_part}"
            tally.compare(place, stored.get(key), computed.get(key))
    return tally.equation("bars_recomputed", "bars stored or due", "bars equal to their recomputation from the events")


def _order(trade: TradeRow) -> Order:
    """Its place within the minute; a number that the provider did not give comes before all others."""
    sequence = -1 if trade.sequence_number is None else trade.sequence_number
    number = -1 if trade.trade_id_number is None else trade.trade_id_number
    return trade.event_time_ns, sequence, number, trade.event_id
