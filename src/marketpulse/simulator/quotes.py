"""Best bid and ask, derived from the last price: one quote a second while a symbol trades, then it stands still."""

import zlib

from marketpulse.events.timestamps import NS_PER_MINUTE, NS_PER_SECOND
from marketpulse.simulator.rows import DayRows
from marketpulse.simulator.universe import STOCK_OF
from marketpulse.simulator.wire import decimal_text, time_text

# A symbol without trades keeps its quote: that is how a halt and the end of the day look to a reader.
_ALIVE_NS = 5 * NS_PER_MINUTE
# The one-venue book of the free feed is thin: of a hundred quotes so many have an empty side, or a senseless width.
_EMPTY_PERCENT, _WIDE_PERCENT = 2, 3


def quote_text(rows: DayRows, now_ns: int, *, one_venue: bool) -> bytes | None:
    """The newest quote as the provider writes it; None without a price to quote around, and for recorded symbols."""
    stock = STOCK_OF.get(rows.symbol)
    second_ns = now_ns // NS_PER_SECOND * NS_PER_SECOND
    last = rows.newest(second_ns, rows.trades.sets_price)
    if stock is None or last is None:
        return None
    price = int(rows.trades.price[last])
    at_ns = min(second_ns, int(rows.trades.event_ns[last]) + _ALIVE_NS)
    draw = zlib.crc32(f"{rows.symbol}{at_ns}".encode())
    tick = 100 if price >= 10**rows.price_digits else 1
    bid = max(price // tick * tick - (draw % 2) * stock.spread_ticks * tick, tick)
    ask = bid + stock.spread_ticks * tick
    chance = draw // 2 % 100
    bid_size, ask_size = (1 + draw // 200 % 9) * 100, (1 + draw // 1800 % 9) * 100
    if one_venue and chance < _EMPTY_PERCENT:
        bid, bid_size = 0, 0
    elif one_venue and chance < _EMPTY_PERCENT + _WIDE_PERCENT:
        ask = ask * 107 // 100
    venue = "V" if one_venue else stock.venue
    return (
        f'{{"t":"{time_text(at_ns)}","ax":"{venue}","ap":{decimal_text(ask, rows.price_digits)},"as":{ask_size}'
        f',"bx":"{venue}","bp":{decimal_text(bid, rows.price_digits)},"bs":{bid_size},"c":["R"],"z":"{stock.tape}"}}'
    ).encode()
