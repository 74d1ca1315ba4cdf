"""Which symbols a report draws: a page stays small whatever the universe, and says what it left out."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from marketpulse.report.reasons import LOST, RECEIVED
from marketpulse.report.rows import DayRow, ReasonMinutes, SessionHours, Stretch

# One symbol's candles and their table take about 40 kB, a stretch of the map 85 bytes; the page aims below 2 MB.
MOST_CANDLES = 20
MOST_MOVERS = 20
MOST_MAP_ROWS = 60
MOST_MAP_STRETCHES = 4000


def sessions_of(sessions: Iterable[SessionHours], days: Iterable[DayRow]) -> tuple[SessionHours, ...]:
    """The sessions that the days were computed in: those as long as the days expected, else all of the date."""
    every = tuple(sessions)
    lengths = {day.minutes_expected for day in days}
    return tuple(session for session in every if session.regular_minutes in lengths) or every


def candle_symbols(days: Iterable[DayRow]) -> tuple[DayRow, ...]:
    """The days that get candles, in the order of symbols: all of them, else those whose price moved most."""
    traded = [day for day in days if day.trade_count]
    largest = sorted(traded, key=lambda day: (-abs(day.return_1d or Decimal(0)), -day.notional, day.symbol))
    return tuple(sorted(largest[:MOST_CANDLES], key=lambda day: day.symbol))


def movers(days: Iterable[DayRow]) -> tuple[DayRow, ...]:
    """The days with a return, from the highest to the lowest: all, else `MOST_MOVERS` from either end."""
    ranked = sorted((day for day in days if day.return_1d is not None), key=lambda day: (-_return(day), day.symbol))
    if len(ranked) <= 2 * MOST_MOVERS:
        return tuple(ranked)
    return (*ranked[:MOST_MOVERS], *ranked[-MOST_MOVERS:])


def _return(day: DayRow) -> Decimal:
    return day.return_1d if day.return_1d is not None else Decimal(0)


def feed_of(days: Iterable[DayRow], reasons: Iterable[ReasonMinutes]) -> dict[str, str]:
    """By which feed each symbol's coverage is shown: its day's, else the one that received most."""
    received: dict[str, Counter[str]] = defaultdict(Counter)
    for row in reasons:
        received[row.symbol][row.feed] += row.minutes if row.reason == RECEIVED else 0
    best = {symbol: min(feeds, key=lambda feed: (-feeds[feed], feed)) for symbol, feeds in received.items()}
    return best | {day.symbol: day.feed for day in days}


def of_feeds(reasons: Iterable[ReasonMinutes], feeds: dict[str, str]) -> tuple[ReasonMinutes, ...]:
    """The rows of each symbol's one feed."""
    return tuple(row for row in reasons if feeds[row.symbol] == row.feed)


def map_symbols(reasons: Iterable[ReasonMinutes]) -> tuple[str, ...]:
    """The symbols that may be rows of the coverage map, those that lost most minutes first."""
    lost: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for row in reasons:
        lost[row.symbol] += row.minutes if row.reason in LOST else 0
        missing[row.symbol] += 0 if row.reason == RECEIVED else row.minutes
    ranked = sorted(missing, key=lambda symbol: (-lost[symbol], -missing[symbol], symbol))
    return tuple(ranked[:MOST_MAP_ROWS])


def within_budget(stretches: Iterable[Stretch], ranked: Iterable[str]) -> tuple[Stretch, ...]:
    """The stretches of as many of the ranked symbols, whole, as the page has room for; of the first in any case."""
    by_symbol: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        by_symbol[stretch.symbol].append(stretch)
    taken: list[Stretch] = []
    for symbol in ranked:
        if taken and len(taken) + len(by_symbol[symbol]) > MOST_MAP_STRETCHES:
            break
        taken.extend(by_symbol[symbol])
    return tuple(taken)
