"""The Alpaca face: what the market looks like in the JSON of Alpaca's market data v2, under /alpaca/v2/stocks.

Pure functions of (market, market time, request). Pages are sorted by symbol, then time, and `limit` counts over all
symbols together. A well-formed symbol that the feed does not have is left out without a word, as the provider does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from marketpulse.events.timestamps import NS_PER_DAY, NS_PER_MINUTE
from marketpulse.simulator.access import RECENT_NS, Plan
from marketpulse.simulator.alpaca_query import Place, Range, RefusalError, feed_of, range_of, symbols_of, timeframe_of
from marketpulse.simulator.bars import bar_text, daily_bar, minute_bars
from marketpulse.simulator.market import Market
from marketpulse.simulator.quotes import quote_text
from marketpulse.simulator.rows import DayRows

_DAY_MINUTES = 1440
_RECENT_SIP = "subscription does not permit querying recent SIP data"
_NOTHING_YET = b'{"latestTrade":null,"latestQuote":null,"minuteBar":null,"dailyBar":null,"prevDailyBar":null}'
_OTHER_FEED = "subscription does not permit querying this feed"


def answer(market: Market, endpoint: str, params: Mapping[str, str], plan: Plan, now_ns: int) -> bytes:
    """The body of a good answer. Raises RefusalError for a request that the provider would not serve."""
    feed = feed_of(params, "sip" if plan == "premium" else "iex")
    if plan == "free" and feed in ("tape", "round_the_clock"):
        raise RefusalError(403, _OTHER_FEED)
    seen_ns = now_ns - RECENT_NS if feed == "delayed_sip" else now_ns
    if endpoint in ("snapshots", "trades/latest"):
        if plan == "free" and feed == "sip":
            raise RefusalError(403, _RECENT_SIP)
        by_symbol = snapshots if endpoint == "snapshots" else latest_trades
        return by_symbol(market, feed, symbols_of(params), seen_ns)
    newest_ns = now_ns - RECENT_NS if plan == "free" and feed == "sip" else seen_ns
    asked = range_of(params, feed=feed, now_ns=now_ns, newest_ns=newest_ns)
    if asked.end_ns > newest_ns and newest_ns < seen_ns:
        raise RefusalError(403, _RECENT_SIP)
    if endpoint == "trades":
        return trades(market, asked, seen_ns)
    if endpoint == "bars":
        return bars(market, asked, timeframe_of(params), seen_ns)
    raise RefusalError(404, "endpoint not found.")


@dataclass(frozen=True, slots=True)
class _Found:
    """What one day of a symbol has to say: the places of its records, and the text of the first so many."""

    places: Sequence[int]
    texts: Callable[[int], list[bytes]]


def trades(market: Market, asked: Range, now_ns: int) -> bytes:
    """One page of trades; a trade's place is its row."""

    def find(rows: DayRows, after: int) -> _Found:
        found = rows.visible(now_ns, asked.start_ns, asked.end_ns, after)
        return _Found(found, lambda count: rows.records(found[:count], now_ns))  # type: ignore[arg-type]

    return _page(market, asked, b"trades", min(asked.end_ns, now_ns), find)


def bars(market: Market, asked: Range, minutes: int, now_ns: int) -> bytes:
    """One page of bars; a bar's place is its start in minutes since 1970."""

    def find(rows: DayRows, after: int) -> _Found:
        if minutes == _DAY_MINUTES:
            day = daily_bar(rows, now_ns)
            found = [day] if day and asked.start_ns <= day.start_ns <= asked.end_ns else []
        else:
            found = minute_bars(rows, now_ns, asked.start_ns, asked.end_ns, minutes=minutes)
        found = [bar for bar in found if bar.start_ns // NS_PER_MINUTE > after]
        places = [bar.start_ns // NS_PER_MINUTE for bar in found]
        return _Found(places, lambda count: [bar_text(bar, rows) for bar in found[:count]])

    # A day's bar starts at midnight, hours before its session.
    return _page(market, asked, b"bars", min(asked.end_ns, now_ns) + NS_PER_DAY, find)


def _page(market: Market, asked: Range, name: bytes, end_ns: int, find: Callable[[DayRows, int], _Found]) -> bytes:
    left = asked.limit
    parts: list[bytes] = []
    last, is_full = asked.place, False
    for symbol in asked.symbols:
        records: list[bytes] = []
        for rows in market.days(asked.feed, symbol, asked.start_ns, end_ns):
            after = _after(asked.place, rows)
            if after is None:
                continue
            found = find(rows, after)
            count = min(len(found.places), left)
            is_full = len(found.places) > left
            if count:
                records += found.texts(count)
                last = Place(symbol, rows.trading_date, int(found.places[count - 1]))
                left -= count
            if is_full:
                break
        if records:
            parts.append(_member(symbol, b"[" + b",".join(records) + b"]"))
        if is_full:
            break
    token = b'"' + last.token().encode() + b'"' if is_full and last else b"null"
    return b'{"' + name + b'":{' + b",".join(parts) + b'},"next_page_token":' + token + b"}"


def snapshots(market: Market, feed: str, symbols: tuple[str, ...], now_ns: int) -> bytes:
    """Every symbol's newest trade, quote and bars; what does not exist yet is absent, and a known symbol without
    anything has parts that are null."""
    parts = []
    for symbol in symbols:
        rows, before = market.latest(feed, symbol, now_ns)
        if rows is None:
            if symbol in market.symbols(feed):
                parts.append(_member(symbol, _NOTHING_YET))
            continue
        members = (
            (b"latestTrade", _latest_trade(rows, now_ns) or (before and _latest_trade(before, now_ns))),
            (b"latestQuote", quote_text(rows, now_ns, one_venue=feed == "iex")),
            (b"minuteBar", _latest_minute(rows, now_ns) or (before and _latest_minute(before, now_ns))),
            (b"dailyBar", _day(rows, now_ns)),
            (b"prevDailyBar", before and _day(before, now_ns)),
        )
        present = [b'"' + name + b'":' + text for name, text in members if text]
        parts.append(_member(symbol, b"{" + b",".join(present) + b"}" if present else _NOTHING_YET))
    return b"{" + b",".join(parts) + b"}"


def latest_trades(market: Market, feed: str, symbols: tuple[str, ...], now_ns: int) -> bytes:
    """Every symbol's newest trade, however old."""
    parts = []
    for symbol in symbols:
        for rows in market.latest(feed, symbol, now_ns):
            if rows is not None and (text := _latest_trade(rows, now_ns)):
                parts.append(_member(symbol, text))
                break
    return b'{"trades":{' + b",".join(parts) + b"}}"


def _latest_trade(rows: DayRows, now_ns: int) -> bytes | None:
    row = rows.newest(now_ns, rows.trades.adds_volume)
    return None if row is None else rows.wire[row]


def _latest_minute(rows: DayRows, now_ns: int) -> bytes | None:
    for span_ns in (20 * NS_PER_MINUTE, NS_PER_DAY + 60 * NS_PER_MINUTE):
        found = minute_bars(rows, now_ns, max(now_ns - span_ns, rows.day_start_ns), now_ns)
        if found:
            return bar_text(found[-1], rows)
    found = minute_bars(rows, now_ns, rows.day_start_ns, now_ns)
    return bar_text(found[-1], rows) if found else None


def _day(rows: DayRows, now_ns: int) -> bytes | None:
    bar = daily_bar(rows, now_ns)
    return bar_text(bar, rows) if bar else None


def _after(place: Place | None, rows: DayRows) -> int | None:
    """The row behind which a page goes on in this day: -1 for its beginning, None when the day is done."""
    if place is None or (place.symbol, place.trading_date) < (rows.symbol, rows.trading_date):
        return -1
    return place.row if (place.symbol, place.trading_date) == (rows.symbol, rows.trading_date) else None


def _member(symbol: str, text: bytes) -> bytes:
    return b'"' + symbol.encode() + b'":' + text
