"""The price path inside a day, second by second: a bridge between two known levels with a given volatility a minute."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
SECONDS = 60


def bridged(returns: FloatArray, start: float, end: float) -> FloatArray:
    """Levels at the edges of the minutes: the returns, bent so that the walk leads from `start` to `end`."""
    walk = np.concatenate([[0.0], np.cumsum(returns)])
    variance = np.concatenate([[0.0], np.cumsum(returns**2)])
    progress = variance / variance[-1] if variance[-1] > 0 else np.linspace(0, 1, len(variance))
    levels: FloatArray = start + walk + (end - start - walk[-1]) * progress
    return levels


def second_path(edges: FloatArray, minute_volatility: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Levels at every second, through the given levels at the edges of the minutes."""
    minutes = len(edges) - 1
    steps = rng.standard_normal((minutes, SECONDS)) * (minute_volatility / np.sqrt(SECONDS))[:, None]
    noise = np.cumsum(steps, axis=1) - steps
    share = np.arange(SECONDS) / SECONDS
    noise -= share * np.sum(steps, axis=1)[:, None]
    line = edges[:-1, None] + np.diff(edges)[:, None] * share
    return np.concatenate([(line + noise).ravel(), edges[-1:]])


def open_close_shape(minutes: int) -> FloatArray:
    """Volatility over the regular hours, root mean square 1: 2.3 at the open, 0.85 midday, 1.4 at the close."""
    minute = np.arange(minutes) * (390 / minutes)
    shape = 0.80 + 1.40 * np.exp(-minute / 25) + 0.50 * np.exp(-(389 - minute) / 15)
    multipliers: FloatArray = shape / np.sqrt(np.mean(shape**2))
    return multipliers


def heavy_tailed(rng: np.random.Generator, count: int) -> FloatArray:
    """Student-t draws with four degrees of freedom, scaled to unit variance."""
    draws: FloatArray = rng.standard_t(4, count) / np.sqrt(2.0)
    return draws


def slow_volatility(rng: np.random.Generator, minutes: int) -> FloatArray:
    """A factor around 1 that wanders: half-life two hours, standard deviation 0.35 in logs."""
    keep = 0.5 ** (1 / 120)
    shocks = rng.standard_normal(minutes) * 0.35 * np.sqrt(1 - keep**2)
    # The stationary solution of x' = keep*x + shock, by its weights: exact, and without a loop over minutes.
    weights = keep ** np.arange(minutes)
    state = np.convolve(shocks, weights)[:minutes] + 0.35 * rng.standard_normal() * weights * keep
    factor: FloatArray = np.exp(state - 0.35**2 / 2)
    return factor
