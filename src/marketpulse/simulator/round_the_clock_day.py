"""One stock's UTC day in the market that never closes: a trade a second over all stocks, mild waves, no auctions."""

import math
from datetime import timedelta

import numpy as np

from marketpulse.events.session import Session
from marketpulse.events.timestamps import datetime_ns
from marketpulse.simulator.executions import Day, executions
from marketpulse.simulator.levels import BETA, log_level
from marketpulse.simulator.paths import bridged, heavy_tailed, second_path, slow_volatility
from marketpulse.simulator.randomness import generator
from marketpulse.simulator.reporting import reported
from marketpulse.simulator.rows import DayRows
from marketpulse.simulator.universe import STOCKS, Stock

_MINUTES = 1440
_TRADES_A_DAY = 84_000
_ALL_TRADES = sum(stock.trades for stock in STOCKS)


def round_the_clock_day(seed: int, stock: Stock, session: Session) -> DayRows:
    """The rows of a stock on a UTC day; it starts at the price where the day before ended."""
    day = session.trading_date.isoformat()
    rng = generator(seed, stock.symbol, day, "round_the_clock")
    before = log_level(seed, stock, session.trading_date - timedelta(days=1))
    after = log_level(seed, stock, session.trading_date)
    volatility = stock.volatility / math.sqrt(365 * _MINUTES) * slow_volatility(rng, _MINUTES)
    market = heavy_tailed(generator(seed, "*", day, "round_the_clock"), _MINUTES)
    returns = volatility * (BETA * market + math.sqrt(1 - BETA**2) * heavy_tailed(rng, _MINUTES))
    path = second_path(bridged(returns, before, after), volatility, rng)

    minute = np.arange(_MINUTES)
    waves = 1 + 0.25 * np.sin(2 * np.pi * (minute / _MINUTES - 0.35)) + 0.1 * np.sin(2 * np.pi * minute / 180)
    expected = waves / waves.sum() * _TRADES_A_DAY * stock.trades / _ALL_TRADES
    spread = np.full(_MINUTES, 1.0 * stock.spread_ticks)
    start_ns = datetime_ns(session.open_at)
    quiet = np.zeros(_MINUTES, dtype=np.bool_)
    draft = executions(stock, Day(start_ns, path, expected, spread, quiet), rng)
    return reported(
        draft,
        stock,
        session,
        day_start_ns=start_ns,
        rng=generator(seed, stock.symbol, day, "round_the_clock-reports"),
    )
