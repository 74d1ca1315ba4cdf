"""The daily price level of every stock: where each calendar day starts and ends, without generating the days between.

One mean-reverting walk of log prices per stock, correlated through a common market factor, over all the days that the
market can ever show. Monday's start is Sunday's end, so every day joins the one before.
"""

import math
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from marketpulse.simulator.randomness import generator
from marketpulse.simulator.universe import Stock

_FIRST_DAY = date(1985, 1, 1).toordinal()
_DAYS = 66 * 366
# Keeps a stock within about a factor of 1.5 of its start price over decades.
_PULL = 0.996
BETA = 0.6


@lru_cache(maxsize=64)
def _walk(seed: int, stock: Stock) -> npt.NDArray[np.float64]:
    market = generator(seed, "*", "", "levels").standard_normal(_DAYS)
    own = generator(seed, stock.symbol, "", "levels").standard_normal(_DAYS)
    shocks = stock.volatility / math.sqrt(365) * (BETA * market + math.sqrt(1 - BETA**2) * own)
    level, levels = 0.0, []
    for shock in shocks.tolist():
        level = _PULL * level + shock
        levels.append(level)
    return np.array(levels) + math.log(stock.price)


def log_level(seed: int, stock: Stock, day: date) -> float:
    """Log price of the stock at the end of a calendar day, from 1985 to 2050."""
    return float(_walk(seed, stock)[min(max(day.toordinal() - _FIRST_DAY, 0), _DAYS - 1)])
