"""One session as the producer sees it: how far each endpoint has been read, and what to ask next. No I/O.

Nothing between the session's start and its end is ever skipped: a query begins the overlap before the cursor and ends
at the market time it is built at, less the feed's delay, and the cursor moves there only afterwards.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from marketpulse.events.session import Session
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.providers.provider import Endpoint, Query

# Endpoints with a history: they have cursors and are swept.
HISTORY: tuple[Endpoint, ...] = ("trades", "bars")

# At most so much market time in one query: what a restart has to repeat, and how often a catch-up commits.
LONGEST_SPAN = timedelta(hours=2)
_MINUTE = timedelta(minutes=1)


class SessionRun:
    """The position in one session. `symbols` shrinks when the provider refuses one."""

    def __init__(self, plan: ProducerPlan, session: Session) -> None:
        self.session = session
        self.symbols = plan.symbols
        self._plan = plan
        self._disabled: set[Endpoint] = set()
        self._cursors: dict[Endpoint, dict[str, datetime]] = {endpoint: {} for endpoint in HISTORY}
        self._swept: dict[Endpoint, datetime] = dict.fromkeys(HISTORY, session.pre_open_at)

    def load(self, endpoint: Endpoint, cursors: Mapping[str, datetime]) -> None:
        """Takes over the stored cursors; a symbol without one starts at the session's start."""
        self._cursors[endpoint] = dict(cursors)

    def drop(self, symbols: Iterable[str]) -> None:
        """Asks for these symbols no more."""
        refused = frozenset(symbols)
        self.symbols = tuple(symbol for symbol in self.symbols if symbol not in refused)

    def disable(self, endpoint: Endpoint) -> None:
        """Asks this endpoint no more: the key's plan does not include it."""
        self._disabled.add(endpoint)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in HISTORY if endpoint not in self._disabled)

    def is_open(self, market_at: datetime) -> bool:
        """Whether anything can trade now."""
        return self.session.pre_open_at <= market_at < self.session.post_close_at

    def polls(self, endpoint: Endpoint, market_at: datetime) -> tuple[Query, ...]:
        """What to ask now, one query per group of symbols that are equally far; nothing when all is read."""
        return self._queries(endpoint, self._end(endpoint, market_at))

    def _queries(self, endpoint: Endpoint, end: datetime) -> tuple[Query, ...]:
        if end <= self.session.pre_open_at:
            return ()
        groups: dict[datetime, list[str]] = {}
        for symbol in self.symbols:
            cursor = self._cursor(endpoint, symbol, end)
            if cursor != end:
                groups.setdefault(cursor, []).append(symbol)
        return tuple(self._query(endpoint, symbols, cursor, end) for cursor, symbols in sorted(groups.items()))

    def polled(self, query: Query, symbols: Iterable[str]) -> None:
        """Everything of the query was committed: its end is the new cursor of these symbols."""
        if query.end is not None:
            self._cursors[query.endpoint].update(dict.fromkeys(symbols, query.end))

    def is_behind(self, market_at: datetime) -> bool:
        """Whether a whole query's worth is still unread, so that there is no reason to wait."""
        return any(query.end != self._end(query.endpoint, market_at) for query in self._all_polls(market_at))

    def is_read(self) -> bool:
        """Whether everything up to the session's end was read once, or what the feed shows at the plan's `until`."""
        return not any(self._queries(endpoint, self._last_end(endpoint)) for endpoint in self.endpoints())

    @property
    def sweep_at(self) -> datetime:
        """When, in market time, the whole session is read again."""
        return self.session.post_close_at + self._plan.sweep_wait

    def sweeps(self, endpoint: Endpoint) -> tuple[Query, ...]:
        """The next piece of the sweep; nothing when it is complete."""
        start = self._swept[endpoint]
        if start >= self.session.post_close_at or not self.symbols:
            return ()
        end = min(start + LONGEST_SPAN, self.session.post_close_at)
        return (Query(endpoint, self._plan.feed, self.symbols, start, end),)

    def swept(self, query: Query) -> None:
        """This piece of the sweep was committed."""
        if query.end is not None:
            self._swept[query.endpoint] = query.end

    def is_swept(self) -> bool:
        return not any(self.sweeps(endpoint) for endpoint in self.endpoints())

    def snapshot(self) -> Query:
        """The current state of every symbol."""
        return Query("snapshots", self._plan.feed, self.symbols)

    def _all_polls(self, market_at: datetime) -> tuple[Query, ...]:
        return tuple(query for endpoint in self.endpoints() for query in self.polls(endpoint, market_at))

    def _limit(self) -> datetime:
        until = self._plan.until
        end = self.session.post_close_at
        return end if until is None else min(end, until - self._plan.delay)

    def _end(self, endpoint: Endpoint, market_at: datetime) -> datetime:
        return _whole(endpoint, min(market_at - self._plan.delay, self._limit()))

    def _last_end(self, endpoint: Endpoint) -> datetime:
        return _whole(endpoint, self._limit())

    def _cursor(self, endpoint: Endpoint, symbol: str, end: datetime) -> datetime:
        start = self.session.pre_open_at
        cursor = max(start, self._cursors[endpoint].get(symbol, start))
        # The clock was set back by more than any overlap covers: what was read belongs to another play of the day.
        return start if cursor > end + max(self._plan.overlap, _MINUTE) else cursor

    def _query(self, endpoint: Endpoint, symbols: list[str], cursor: datetime, end: datetime) -> Query:
        start = max(self.session.pre_open_at, min(cursor, end) - self._plan.overlap)
        if endpoint == "bars":
            start = start.replace(second=0, microsecond=0)
        return Query(endpoint, self._plan.feed, tuple(symbols), start, min(end, cursor + LONGEST_SPAN))


def _whole(endpoint: Endpoint, end: datetime) -> datetime:
    # A bar of the minute that is still running would only be revised a moment later.
    return end.replace(second=0, microsecond=0) if endpoint == "bars" else end
