"""Alpaca market data v2.

What: US stocks; trades and minute bars with history, and one call for the current state of many symbols.
Plans: Basic (free) 200 calls a minute, real-time IEX, consolidated tape (sip) older than 15 minutes;
Algo Trader Plus 10,000 calls a minute, real-time sip.
Terms: no redistribution of exchange data; keep dashboards private.
Link: docs.alpaca.markets, "Market Data API".

The latest is the last that exists, however old. Unknown symbols are left out without a word; a malformed one fails its
whole batch. `end` of a request is inclusive. `u` on a trade takes it back or marks its replacement.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast, get_args

import msgspec

from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.conditions import is_mapped
from marketpulse.events.envelope import Provenance
from marketpulse.events.event import AnyEvent, Feed, VolumeScope
from marketpulse.events.session import SessionCalendar
from marketpulse.events.timestamps import datetime_ns, format_ns
from marketpulse.providers.alpaca_answers import classify, is_notice
from marketpulse.providers.alpaca_count import wire_records
from marketpulse.providers.alpaca_records import DAY, MINUTE, PROVIDER, PageFacts, bar_event, quote_event, trade_event
from marketpulse.providers.provider import Classified, Endpoint, Page, Query, Rejected, Request, Response, Window
from marketpulse.providers.waiting import answered_at
from marketpulse.providers.wire import RepeatedKeys, json_text, leaves, pointer_step, read_json

# The address grows with every symbol; a hundred stay below what proxies let through.
_BATCH = 100
_PAGE = "10000"
# A feed that is not here promises nothing.
_DELAYS_S = {"iex": 0, "sip": 0, "delayed_sip": 900, "round_the_clock": 0}
_SCOPES: dict[str, VolumeScope] = {"iex": "venue_iex", "otc": "unknown", "boats": "unknown", "overnight": "unknown"}
# An answer's Date has whole seconds; two more are what clocks may differ.
_SKEW = timedelta(seconds=3)

_Build = Callable[[dict[str, Any], str, PageFacts], AnyEvent]


def _minute_bar(record: dict[str, Any], symbol: str, page: PageFacts) -> AnyEvent:
    return bar_event(record, symbol, page, interval=MINUTE)


def _current_day(record: dict[str, Any], symbol: str, page: PageFacts) -> AnyEvent:
    return bar_event(record, symbol, page, interval=DAY, is_final=False)


def _previous_day(record: dict[str, Any], symbol: str, page: PageFacts) -> AnyEvent:
    return bar_event(record, symbol, page, interval=DAY, is_final=True)


_LISTS: dict[str, _Build] = {"trades": trade_event, "bars": _minute_bar}
_SNAPSHOT_PARTS: dict[str, _Build] = {
    "latestTrade": trade_event,
    "latestQuote": quote_event,
    "minuteBar": _minute_bar,
    "dailyBar": _current_day,
    "prevDailyBar": _previous_day,
}


@dataclass(slots=True)
class _Harvest:
    """Events and rejected records of one answer, in wire order."""

    page: PageFacts
    events: list[AnyEvent]
    rejected: list[Rejected]

    def take(self, build: _Build, record: Any, symbol: str) -> None:
        try:
            if not isinstance(record, dict):
                raise RecordError(*_no_object(record))
            self.events.append(build(record, symbol, self.page))
        except RecordError as error:
            self.reject(error.reason, error.detail, record, symbol)

    def reject(self, reason: str, detail: str, record: Any, symbol: str | None) -> None:
        self.rejected.append(Rejected(reason, detail, json_text(record), symbol))


class Alpaca:
    """The adapter; canonical symbols are written the way Alpaca writes them (BRK.B)."""

    name = PROVIDER
    base_url = "https://data.alpaca.markets"

    def headers(self, key: str, secret: str) -> dict[str, str]:
        return {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}

    def delay_s(self, feed: str) -> int:
        return _DELAYS_S.get(feed, 0)

    def plan(self, query: Query, page_token: str | None = None) -> tuple[Request, ...]:
        if query.feed not in get_args(Feed):
            raise OperatorError(f"unknown feed {query.feed!r}: set MARKETPULSE_FEED to iex, sip or delayed_sip")
        if page_token is not None and len(query.symbols) > _BATCH:
            raise ValueError(f"a page token continues one batch of at most {_BATCH} symbols")
        batches = [query.symbols[at : at + _BATCH] for at in range(0, len(query.symbols), _BATCH)]
        return tuple(self._request(query, batch, page_token) for batch in batches)

    def _request(self, query: Query, symbols: tuple[str, ...], page_token: str | None) -> Request:
        params = [("symbols", ",".join(symbols)), ("feed", query.feed)]
        if query.endpoint == "bars":
            params += [("timeframe", "1Min"), ("adjustment", "raw")]
        if query.endpoint != "snapshots":
            params += [("limit", _PAGE), ("sort", "asc")]
            if query.start is not None:
                params.append(("start", format_ns(datetime_ns(query.start))))
            if query.end is not None:
                params.append(("end", format_ns(datetime_ns(query.end) - 1)))
        if page_token is not None:
            params.append(("page_token", page_token))
        return Request(query.endpoint, f"/v2/stocks/{query.endpoint}", tuple(params), symbols)

    def classify(self, response: Response) -> Classified:
        return classify(response)

    def count(self, response: Response, query: Query) -> int:
        return wire_records(response.body, query)

    def normalize(self, response: Response, query: Query, calendar: SessionCalendar, *, synthetic: bool) -> Page:
        body = read_json(response.body)
        harvest = _Harvest(_page_facts(response, query, calendar, synthetic=synthetic), [], [])
        if not isinstance(body, dict):
            raise RecordError(*_no_object(body))
        if is_notice(body):
            raise RecordError("schema", "a notice among the data")
        if query.endpoint == "snapshots":
            _take_snapshots(body, query, harvest)
            known = frozenset(symbol for symbol, parts in body.items() if isinstance(parts, dict))
            token = None
        else:
            lists = _member(body, query.endpoint)
            _take_lists(lists, query, harvest)
            known = frozenset(symbol for symbol, records in lists.items() if records)
            token = body.get("next_page_token")
            if token is not None and not isinstance(token, str):
                raise RecordError("schema", f"next_page_token is {json_text(token)[:40]}, a text is wanted")
        return Page(tuple(harvest.events), tuple(harvest.rejected), token or None, known.intersection(query.symbols))

    def answer(self, endpoint: Endpoint, symbol: str, record: str) -> bytes:
        if endpoint not in _LISTS:
            raise RecordError("schema", f"a record of {endpoint} does not say which part of its answer it was")
        return json_text({endpoint: {symbol: [read_json(record.encode())]}}).encode()

    def limits(self) -> tuple[Window, ...]:
        return (Window(calls=180, seconds=60.0),)


def _page_facts(response: Response, query: Query, calendar: SessionCalendar, *, synthetic: bool) -> PageFacts:
    now = answered_at(response.headers)
    return PageFacts(
        Provenance(
            provider=PROVIDER,
            endpoint=f"{PROVIDER}.{query.endpoint}",
            feed=cast("Feed", query.feed),
            synthetic=synthetic,
            requested_at=response.requested_at,
            received_at=response.received_at,
            delay_s=_DELAYS_S.get(query.feed),
            currency="USD",
        ),
        volume_scope=_SCOPES.get(query.feed, "consolidated"),
        conditions_mapped=is_mapped(query.feed),
        calendar=calendar,
        skew_limit_ns=None if now is None else datetime_ns(now + _SKEW),
    )


def _take_lists(symbols: dict[str, Any], query: Query, harvest: _Harvest) -> None:
    """`{"trades": {"AAPL": [record, ...]}}`; a symbol without records may be null."""
    build, asked = _LISTS[query.endpoint], frozenset(query.symbols)
    for symbol, records in symbols.items():
        if symbol not in asked:
            harvest.reject("symbol", f"{symbol[:40]!a} was not asked for", {symbol: records}, None)
        elif isinstance(records, list):
            for record in records:
                harvest.take(build, record, symbol)
        elif records is not None:
            harvest.reject(*_no_list(records), {symbol: records}, symbol)


def _take_snapshots(symbols: dict[str, Any], query: Query, harvest: _Harvest) -> None:
    """`{"AAPL": {"latestTrade": record, ...}}`, without an envelope; parts may be null or absent."""
    asked = frozenset(query.symbols)
    for symbol, parts in symbols.items():
        if symbol not in asked:
            harvest.reject("symbol", f"{symbol[:40]!a} was not asked for", {symbol: parts}, None)
        elif isinstance(parts, dict):
            first, refused = len(harvest.events), len(harvest.rejected)
            for name, build in _SNAPSHOT_PARTS.items():
                if parts.get(name) is not None:
                    harvest.take(build, parts[name], symbol)
            if len(harvest.events) > first or len(harvest.rejected) == refused:
                _keep_unknown_parts(parts, symbol, first, harvest)
            else:
                # No event is left to carry what was not asked for: the last letter shows the whole snapshot.
                last = harvest.rejected[-1]
                harvest.rejected[-1] = replace(last, body=json_text({symbol: parts}))
        elif parts is not None:
            harvest.reject(*_no_object(parts), {symbol: parts}, symbol)


def _keep_unknown_parts(parts: dict[str, Any], symbol: str, first: int, harvest: _Harvest) -> None:
    """What a snapshot holds besides the five parts goes to its first event, under its place in the answer."""
    unknown = {name: part for name, part in parts.items() if name not in _SNAPSHOT_PARTS}
    if not unknown:
        return
    if first == len(harvest.events):
        harvest.reject("schema", "a snapshot without a part that can be read", {symbol: unknown}, symbol)
        return
    place = pointer_step(symbol)
    event = harvest.events[first]
    kept = dict(pair for name, part in unknown.items() for pair in leaves(part, place + pointer_step(name)))
    harvest.events[first] = msgspec.structs.replace(event, extra=event.extra | kept)


def _member(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The symbols' records. Null stands for none of them; an answer without the member says nothing about them."""
    if name not in body:
        raise RecordError("schema", f"an answer without {name}")
    value = body[name]
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordError(*_no_object(value))
    return value


def _no_object(value: Any) -> tuple[str, str]:
    if isinstance(value, RepeatedKeys):
        return "duplicate_key", "an object holds a key more than once"
    return "schema", f"an object is wanted, not {json_text(value)[:40]}"


def _no_list(value: Any) -> tuple[str, str]:
    if isinstance(value, RepeatedKeys):
        return _no_object(value)
    return "schema", f"a list is wanted, not {json_text(value)[:40]}"
