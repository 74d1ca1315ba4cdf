"""OHLCV bars over the facts in force at a moment: what the provider's own bars say, before and after amendments."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from marketpulse.events.timestamps import NS_PER_MINUTE
from marketpulse.simulator.rows import DayRows, IntArray
from marketpulse.simulator.wire import decimal_text, ratio_text, time_text

_VWAP_DIGITS = 6


@dataclass(frozen=True, slots=True)
class BarValue:
    """One bar; prices, volume and notional in the units of the rows they come from."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    notional: int
    trades: int


def bar_text(bar: BarValue, rows: DayRows) -> bytes:
    """The bar as the provider writes it."""
    return _text(bar, rows.price_digits, rows.size_digits)


# A client asks for the same bars again and again, and most of them stay as they are.
@lru_cache(maxsize=50_000)
def _text(bar: BarValue, price: int, size: int) -> bytes:
    vwap = ratio_text(bar.notional, bar.volume * 10**price, _VWAP_DIGITS)
    return (
        f'{{"t":"{time_text(bar.start_ns)}","o":{decimal_text(bar.open, price)},"h":{decimal_text(bar.high, price)}'
        f',"l":{decimal_text(bar.low, price)},"c":{decimal_text(bar.close, price)}'
        f',"v":{decimal_text(bar.volume, size)},"n":{bar.trades},"vw":{vwap}}}'
    ).encode()


def minute_bars(rows: DayRows, now_ns: int, start_ns: int, end_ns: int, *, minutes: int = 1) -> list[BarValue]:
    """Bars whose start is in [start, end] and whose end has passed; a span without an eligible price has none."""
    width_ns = minutes * NS_PER_MINUTE
    first_ns = -(-start_ns // width_ns) * width_ns
    last_ns = min(end_ns, now_ns - width_ns) // width_ns * width_ns
    if last_ns < first_ns:
        return []
    trades = rows.trades
    low, high = np.searchsorted(trades.event_ns, (first_ns, last_ns + width_ns))
    counted = rows.current(now_ns, int(low), int(high))
    counted = counted[trades.adds_volume[counted]]
    priced = counted[trades.sets_price[counted]]
    if not len(priced):
        return []
    span_of_counted, count_starts = _groups(trades.event_ns[counted] // width_ns)
    span_of_priced, price_starts = _groups(trades.event_ns[priced] // width_ns)
    volumes = np.add.reduceat(trades.size[counted], count_starts)
    notionals = np.add.reduceat(trades.size[counted] * trades.price[counted], count_starts)
    counts = np.diff(np.append(count_starts, len(counted)))
    place = np.searchsorted(span_of_counted, span_of_priced)
    prices = trades.price[priced]
    ends = np.append(price_starts[1:], len(priced)) - 1
    columns = (
        span_of_priced * width_ns,
        prices[price_starts],
        np.maximum.reduceat(prices, price_starts),
        np.minimum.reduceat(prices, price_starts),
        prices[ends],
        volumes[place],
        notionals[place],
        counts[place],
    )
    return [BarValue(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def daily_bar(rows: DayRows, now_ns: int) -> BarValue | None:
    """The day so far: prices of the regular part, volume of all parts; None before the first regular price."""
    trades = rows.trades
    counted = rows.current(now_ns)
    counted = counted[trades.adds_volume[counted]]
    priced = counted[trades.sets_price[counted] & trades.in_regular[counted]]
    if not len(priced):
        return None
    prices = trades.price[priced]
    return BarValue(
        rows.day_start_ns,
        int(prices[0]),
        int(prices.max()),
        int(prices.min()),
        int(prices[-1]),
        int(trades.size[counted].sum()),
        notional(rows, counted),
        len(counted),
    )


def notional(rows: DayRows, which: IntArray) -> int:
    """Sum of price times size, exact: summed in parts that 64 bits hold whatever the day's turnover."""
    products = rows.trades.price[which] * rows.trades.size[which]
    return sum(int(part.sum()) for part in np.array_split(products, max(1, len(products) // 1000)))


def _groups(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct keys of a sorted array and where each begins."""
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], starts
