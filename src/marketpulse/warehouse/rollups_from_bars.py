"""The equations on rollups by the second engine: prices, volumes and counts of the stored bars of 5, 15 and 60 minutes
and of the stored days are what it makes of the stored bars of a minute and of the day's auctions.
"""

from datetime import date

from marketpulse.warehouse.equation import Tally
from marketpulse.warehouse.second_engine import NOTIONAL, PRICE, SIZE, TEXT, WHOLE, Columns, SecondEngine

_SESSIONS: Columns = {"symbol": TEXT, "feed": TEXT, "pre_open_min": WHOLE, "open_min": WHOLE, "close_min": WHOLE}
_PRICES: Columns = {"open": PRICE, "high": PRICE, "low": PRICE, "close": PRICE}
_TOTALS: Columns = {"volume": SIZE, "notional": NOTIONAL, "vwap": PRICE, "trade_count": WHOLE}
_BARS: Columns = {
    "symbol": TEXT,
    "feed": TEXT,
    "session_part": TEXT,
    "interval_min": WHOLE,
    "start_min": WHOLE,
    **_PRICES,
    **_TOTALS,
    "volume_scope": TEXT,
}
_DAYS: Columns = {
    "symbol": TEXT,
    "feed": TEXT,
    **_PRICES,
    **_TOTALS,
    "volume_pre": SIZE,
    "volume_post": SIZE,
    "trade_count_pre": WHOLE,
    "trade_count_post": WHOLE,
}


def compare_rollups(engine: SecondEngine, bars: Tally, days: Tally, trading_date: date) -> None:
    """One day's rollups, of symbols that wait for no computation. Follows `compare_bars` of the same day."""
    day = {"trading_date": trading_date}
    engine.load("session", "copy_sessions", _SESSIONS, day)
    engine.load("dirty", "copy_dirty_symbols", {"symbol": TEXT}, day)
    engine.load("listing", "copy_listings", {"symbol": TEXT, "mic": TEXT}, day)
    engine.run("keep_bars")
    engine.run("make_rollup_bars")
    engine.load("stored", "copy_rollup_bars", _BARS, day)
    engine.compare(bars, ("symbol", "feed", "interval_min", "start_min", "session_part"), str(trading_date))
    engine.load("stored", "copy_rollup_days", _DAYS, day)
    engine.run("make_rollup_days")
    engine.compare(days, ("symbol", "feed"), str(trading_date))
