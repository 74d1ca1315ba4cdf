"""The equation on bars: every stored bar is what the second engine makes of the day's trades.

It judges for itself which version of a fact is in force and what its conditions allow, and believes none of the columns
that the stream derived. Open is the first and close the last price by event time, sequence, trade id, event id.
"""

from datetime import date

from marketpulse.warehouse.equation import Tally
from marketpulse.warehouse.second_engine import LONG_WHOLE, NOTIONAL, PRICE, SIZE, TEXT, WHOLE, Columns, SecondEngine

BAR_KEY = ("symbol", "feed", "start_min", "session_part")
_TRADES: Columns = {
    "symbol": TEXT,
    "feed": TEXT,
    "session_part": TEXT,
    "conditions": TEXT,
    "tape": TEXT,
    "event_time_ns": WHOLE,
    "sequence_number": LONG_WHOLE,
    "trade_id_number": LONG_WHOLE,
    "entity_id": TEXT,
    "event_id": TEXT,
    "action": TEXT,
    "received_at": TEXT,
    "price": PRICE,
    "size": SIZE,
    "exchange": TEXT,
    "volume_scope": TEXT,
}
_BARS: Columns = {
    "symbol": TEXT,
    "feed": TEXT,
    "session_part": TEXT,
    "start_min": WHOLE,
    "open": PRICE,
    "high": PRICE,
    "low": PRICE,
    "close": PRICE,
    "volume": SIZE,
    "notional": NOTIONAL,
    "vwap": PRICE,
    "trade_count": WHOLE,
    "volume_scope": TEXT,
}


def compare_bars(engine: SecondEngine, tally: Tally, trading_date: date) -> None:
    """The day's stored bars against the same bars made of its trades, each with every figure.

    Leaves the stored bars as the table `bar` and the day's auctions as `official`. Needs a transaction.
    """
    day = {"trading_date": trading_date}
    engine.run("create_tables")
    for _ in engine.pieces("copy_older_trades", _TRADES, day):
        engine.run("keep_versions")
    has_rivals = engine.holds_any("version")
    left_out = "AND NOT EXISTS (FROM version WHERE version.entity_id = piece.entity_id)" if has_rivals else ""
    for _ in engine.pieces("copy_trades", _TRADES, day):
        if has_rivals:
            engine.run("add_rivals")
        _add(engine, left_out)
    if has_rivals:
        engine.run("choose_versions")
        _add(engine, "")
        engine.run("drop_chosen")
    engine.run("make_bars")
    engine.load("stored", "copy_bars", _BARS, day)
    engine.compare(tally, BAR_KEY, str(trading_date))


def _add(engine: SecondEngine, left_out: str) -> None:
    engine.run("judge_kinds")
    engine.run("add_trades", left_out=left_out)
    engine.run("add_officials", left_out=left_out)
