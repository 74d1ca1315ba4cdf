"""From a price path and an activity curve to single trades: when, at what price, how many shares, on which venue."""

from dataclasses import dataclass

import numpy as np

from marketpulse.events.timestamps import NS_PER_MINUTE, NS_PER_SECOND
from marketpulse.simulator import conditions
from marketpulse.simulator.draft import (
    OFF_EXCHANGE,
    PRICE_UNIT,
    SIZE_UNIT,
    VENUES,
    Draft,
)
from marketpulse.simulator.paths import FloatArray
from marketpulse.simulator.rows import BoolArray, CodeArray, IntArray
from marketpulse.simulator.universe import Stock

# The free feed sees 2.5 % of the trades; the other shares are round numbers near those of the market.
_VENUE_SHARES = (0.025, 0.40, 0.175, 0.12, 0.10, 0.06, 0.05, 0.03, 0.02, 0.01, 0.01)
# Trades call forth others: this share of all follows another one, five seconds later on average.
_FOLLOWERS = 0.4
_FOLLOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Day:
    """What a day's trades are drawn from: one entry of `expected` and `spread` a minute, of `path` a second."""

    start_ns: int
    path: FloatArray
    expected: FloatArray
    spread_ticks: FloatArray
    extended: BoolArray


def executions(stock: Stock, day: Day, rng: np.random.Generator) -> Draft:
    """The ordinary trades of a day in order of time."""
    event_ns = _times(day, rng)
    count = len(event_ns)
    minute = (event_ns - day.start_ns) // NS_PER_MINUTE
    venue = rng.choice(len(VENUES), count, p=_VENUE_SHARES).astype(np.uint8)
    # Off-exchange reports carry milliseconds, a part of the others microseconds, the rest nanoseconds.
    grain = np.where(venue == OFF_EXCHANGE, 1_000_000, np.where(rng.random(count) < 0.15, 1000, 1))
    event_ns = event_ns // grain * grain
    second = (event_ns - day.start_ns) // NS_PER_SECOND
    price = _prices(stock, day.path[second], day.spread_ticks[minute], rng)
    size = _sizes(stock, price, rng)
    order = np.argsort(event_ns, kind="stable")
    sale = _sales(price, size, day.extended[minute], rng)
    return Draft(event_ns, price, size, sale, venue).take(order)


def tick_of(price: FloatArray) -> FloatArray:
    """The smallest step of a quoted price, in price units: a cent from one dollar on, a hundredth of it below."""
    return np.where(price >= PRICE_UNIT, 100.0, 1.0)


def quoted(level: FloatArray, spread_ticks: FloatArray) -> tuple[IntArray, IntArray]:
    """Bid and ask around a log price, on the tick grid, in price units."""
    fair = np.exp(level) * PRICE_UNIT
    tick = tick_of(fair)
    width = np.maximum(np.round(spread_ticks), 1)
    bid = np.maximum(np.floor(fair / tick - (width - 1) / 2), 1)
    return (bid * tick).astype(np.int64), ((bid + width) * tick).astype(np.int64)


def _times(day: Day, rng: np.random.Generator) -> IntArray:
    minutes = len(day.expected)
    starts = rng.poisson(day.expected * (1 - _FOLLOWERS) * rng.gamma(2, 0.5, minutes))
    first = np.repeat(np.arange(minutes), starts) * 60.0 + rng.random(int(starts.sum())) * 60
    followers = rng.poisson(len(first) * _FOLLOWERS / (1 - _FOLLOWERS))
    parents = rng.choice(first, followers) if len(first) else first
    seconds = np.concatenate([first, parents + rng.exponential(_FOLLOW_S, len(parents))])
    # A follower may not run into minutes in which nothing can trade: a halt, or the end of the day.
    minute = np.minimum(seconds // 60, minutes).astype(np.int64)
    seconds = seconds[np.append(day.expected, 0.0)[minute] > 0]
    return np.sort(day.start_ns + (seconds * NS_PER_SECOND).astype(np.int64))


def _prices(stock: Stock, level: FloatArray, spread_ticks: FloatArray, rng: np.random.Generator) -> IntArray:
    bid, ask = quoted(level, spread_ticks)
    where = rng.random(len(level))
    inside = bid + ((ask - bid) * rng.random(len(level))).astype(np.int64)
    price: IntArray = np.select([where < 0.40, where < 0.80, where < 0.90], [bid, ask, (bid + ask) // 2], inside)
    return price


def round_lot(price: IntArray) -> IntArray:
    """Shares in a round lot, by price."""
    dollars = price // PRICE_UNIT
    lots: IntArray = np.select([dollars <= 250, dollars <= 1000, dollars <= 10_000], [100, 40, 10], 1)
    return lots


def _sizes(stock: Stock, price: IntArray, rng: np.random.Generator) -> IntArray:
    count = len(price)
    lot = round_lot(price)
    where = rng.random(count)
    odd = 1 + np.floor(rng.random(count) ** 1.7 * (lot - 1)).astype(np.int64)
    several = lot * np.maximum(1, np.round(np.exp(rng.normal(np.log(max(stock.typical_size / 40, 1.5)), 0.9, count))))
    shares = np.select([where < 0.58, where < 0.80], [odd, lot], several).astype(np.int64)
    fraction = np.where(rng.random(count) < 0.01, rng.integers(1, SIZE_UNIT, count), 0)
    size: IntArray = shares * SIZE_UNIT + np.where(shares < lot, fraction, 0)
    return size


def _sales(price: IntArray, size: IntArray, extended: BoolArray, rng: np.random.Generator) -> CodeArray:
    odd = np.where(size < round_lot(price) * SIZE_UNIT, conditions.ODD_LOT, 0)
    late_hours = np.where(extended, conditions.EXTENDED, 0)
    sweep = np.where(~extended & (rng.random(len(price)) < 0.3), conditions.SWEEP, 0)
    return (odd | late_hours | sweep).astype(np.uint8)
