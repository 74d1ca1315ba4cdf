"""One stock's day at the exchange: pre-market, opening auction, regular hours, closing auction, after-hours."""

import math
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from marketpulse.events.session import Session
from marketpulse.events.timestamps import NS_PER_MINUTE, NS_PER_SECOND, datetime_ns
from marketpulse.simulator import conditions
from marketpulse.simulator.draft import PRICE_UNIT, SIZE_UNIT, VENUES, Draft
from marketpulse.simulator.executions import Day, executions, tick_of
from marketpulse.simulator.levels import BETA, log_level
from marketpulse.simulator.paths import (
    FloatArray,
    bridged,
    heavy_tailed,
    open_close_shape,
    second_path,
    slow_volatility,
)
from marketpulse.simulator.randomness import generator
from marketpulse.simulator.reporting import reported
from marketpulse.simulator.rows import DayRows
from marketpulse.simulator.universe import Stock

_NEW_YORK = ZoneInfo("America/New_York")
# Percent of the regular volume by minutes since 09:30: a reverse J that ends in the closing auction. The two auctions
# take the rest to 100.
_ACTIVITY = (
    (30, 12.0), (60, 7.3), (90, 6.0), (120, 5.2), (150, 4.7), (180, 4.2), (210, 4.0),
    (240, 4.0), (270, 4.4), (300, 5.0), (330, 5.8), (360, 8.9), (375, 6.8), (390, 12.0),
)  # fmt: skip
_OPENING_SHARE, _CLOSING_SHARE = 1.5, 8.2
_EXTENDED_SHARE = 0.04
_GAP_SHARE = 0.2
_JUMPS_A_DAY, _JUMP_SIZE = 0.1, 0.015
_FULL_DAY_MIN = 390
_HALT_MIN = (60, 90)


def xnys_day(seed: int, stock: Stock, session: Session, previous: date, *, unreadable: bool) -> DayRows:
    """The rows of a stock on a session; `previous` is the session before, where its price comes from."""
    day = session.trading_date.isoformat()
    rng = generator(seed, stock.symbol, day, "xnys")
    start_ns, open_ns = datetime_ns(session.pre_open_at), datetime_ns(session.open_at)
    close_ns, end_ns = datetime_ns(session.close_at), datetime_ns(session.post_close_at)
    pre = (open_ns - start_ns) // NS_PER_MINUTE
    regular = (close_ns - open_ns) // NS_PER_MINUTE
    post = (end_ns - close_ns) // NS_PER_MINUTE

    before, after = log_level(seed, stock, previous), log_level(seed, stock, session.trading_date)
    daily = stock.volatility / math.sqrt(252)
    gap = _GAP_SHARE * (after - before) + daily * math.sqrt(_GAP_SHARE * (1 - _GAP_SHARE)) * rng.standard_normal()
    quiet = daily * 0.015
    hours = daily * math.sqrt(1 - _GAP_SHARE) / math.sqrt(regular) * open_close_shape(regular)
    hours = hours * slow_volatility(rng, regular)
    market = heavy_tailed(generator(seed, "*", day, "xnys"), regular)
    returns = hours * (BETA * market + math.sqrt(1 - BETA**2) * heavy_tailed(rng, regular))
    returns += (rng.random(regular) < _JUMPS_A_DAY / regular) * rng.normal(0, _JUMP_SIZE, regular)

    early = bridged(quiet * rng.standard_normal(pre), before, before + gap)
    core = bridged(returns, before + gap, after)
    drift = quiet * rng.standard_normal(post)
    late = bridged(drift, after, after + float(drift.sum()))
    edges = np.concatenate([early[:-1], core[:-1], late])
    volatility = np.concatenate([np.full(pre, quiet), hours, np.full(post, quiet)])
    path = second_path(edges, volatility, rng)

    restless = 0.5 + 0.5 * np.abs(returns) / np.mean(np.abs(returns))
    trades = stock.trades * math.exp(rng.normal(0, 0.2)) * regular / _FULL_DAY_MIN
    expected = _expected(trades, pre, regular, post, restless, halts=stock.halts)
    since_open = np.arange(regular)
    spread = np.concatenate([np.full(pre, 3.0), 1 + 1.5 * np.exp(-since_open / 10), np.full(post, 3.0)])
    extended = np.ones(pre + regular + post, dtype=np.bool_)
    extended[pre : pre + regular] = False
    draft = executions(stock, Day(start_ns, path, expected, stock.spread_ticks * spread, extended), rng)

    volume = int(draft.size.sum()) // SIZE_UNIT
    auctions = [
        _auction(stock, rng, at_ns=at_ns, level=float(path[(at_ns - start_ns) // NS_PER_SECOND]),
                 shares=max(1, round(volume * share / (100 - _OPENING_SHARE - _CLOSING_SHARE))), sales=sales)
        for at_ns, share, sales in (
            (open_ns, _OPENING_SHARE, (conditions.OPENING_PRINT, conditions.OPEN_REPORT)),
            (close_ns, _CLOSING_SHARE, (conditions.CLOSING_PRINT, conditions.CLOSE_REPORT)),
        )
    ]  # fmt: skip
    midnight_ns = datetime_ns(datetime.combine(session.trading_date, time(), _NEW_YORK))
    return reported(
        draft.joined(*auctions).in_time_order(),
        stock,
        session,
        day_start_ns=midnight_ns,
        rng=generator(seed, stock.symbol, day, "xnys-reports"),
        unreadable=unreadable,
    )


def _activity(regular: int) -> FloatArray:
    """Share of the regular trades by minute; on a short day the same curve, compressed."""
    ends = np.array([0, *(end for end, _ in _ACTIVITY)]) * (regular / _FULL_DAY_MIN)
    done = np.cumsum([0.0, *(percent for _, percent in _ACTIVITY)])
    return np.diff(np.interp(np.arange(regular + 1), ends, done / done[-1]))


def _expected(trades: float, pre: int, regular: int, post: int, restless: FloatArray, *, halts: bool) -> FloatArray:
    hours = _activity(regular) * restless
    hours = hours / hours.sum() * trades
    if halts:
        hours[_HALT_MIN[0] : _HALT_MIN[1]] = 0
    before = np.exp(-np.arange(pre, 0, -1) / 60) + 0.1
    after = np.exp(-np.arange(post) / 30) + 0.1
    share = _EXTENDED_SHARE * trades
    return np.concatenate([before / before.sum() * share, hours, after / after.sum() * share])


def _auction(
    stock: Stock, rng: np.random.Generator, *, at_ns: int, level: float, shares: int, sales: tuple[int, int]
) -> Draft:
    """The print of an auction and, some milliseconds later, the listing exchange's official report of it."""
    printed_ns = at_ns + int(rng.integers(100_000_000, 2 * NS_PER_SECOND))
    exact = np.array([math.exp(level) * PRICE_UNIT])
    tick = tick_of(exact)
    price = int((np.maximum(np.round(exact / tick), 1) * tick)[0])
    return Draft(
        event_ns=np.array([printed_ns, printed_ns + int(rng.integers(1_000_000, 300_000_000))], dtype=np.int64),
        price=np.array([price, price], dtype=np.int64),
        size=np.array([shares, shares], dtype=np.int64) * SIZE_UNIT,
        sale=np.array(sales, dtype=np.uint8),
        venue=np.full(2, VENUES.index(stock.venue), dtype=np.uint8),
    )
