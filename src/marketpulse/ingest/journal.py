"""What the producer writes to Postgres: its run, its sessions, and each poll together with the cursors it moves.

Every write is one transaction that fails (FencedError) unless the producer's lease is held at its commit. When the
connection breaks during a commit nobody knows whether it happened; `commit` is then called again and finds out.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import psycopg
from psycopg.types.json import Jsonb

from marketpulse.errors import OperatorError
from marketpulse.events.identity import feeds_alike
from marketpulse.events.session import Session
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.providers.provider import Endpoint
from marketpulse.resources import read_sql
from marketpulse.store import cursor, lease
from marketpulse.store.cursor import CursorKey, CursorMove
from marketpulse.store.lease import Lease
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

Purpose = Literal["poll", "sweep", "replay"]

# So many symbols are named in an error; the others are counted.
_NAMED = 5

# A frozen producer must not keep the lease's row locked: the server ends a transaction that stands still.
_SESSION_OPTIONS = (
    "idle_in_transaction_session_timeout=5000",
    "lock_timeout=5000",
    "statement_timeout=30000",
)


@dataclass(frozen=True, slots=True)
class Poll:
    """One request cycle: what was asked, what came, and which market time it covers completely (None: nothing).

    `outcome` is one of `providers.provider.Outcome`, or `stopped` for a poll that we broke off. `records` is what the
    adapter counted on the wire, never the sum of what became of it: events (published now), repeated (published
    earlier by this run), rejected (dead letters) and `set_aside` (an earlier day's trade in a snapshot, and what a stop
    left unpublished, to be read again).
    """

    endpoint: str
    purpose: Purpose
    trading_date: date
    symbols: tuple[str, ...]
    request: str
    covered_from: datetime | None
    covered_until: datetime | None
    requested_at: datetime
    received_at: datetime
    market_at: datetime
    outcome: str
    http_status: int | None
    pages: int
    records: int
    events: int
    repeated: int
    rejected: int
    set_aside: int = 0
    highest_seq: Mapping[str, int] = field(default_factory=dict)
    moves_cursor: bool = False


class Journal:
    """The producer's pen. `held` gives the lease that fences it (None: nothing to fence); use it from one thread."""

    def __init__(self, dsn: str, producer_id: str, plan: ProducerPlan, held: Callable[[], Lease] | None = None) -> None:
        self._dsn = dsn
        self._producer_id = producer_id
        self._plan = plan
        self._held = held
        self._connection: psycopg.Connection | None = None
        self._uncertain = False

    def open_run(self, trading_date: date, started_at: datetime) -> None:
        """Writes the run, once a process; `trading_date` is its first session."""
        values = {
            "producer_id": self._producer_id,
            "provider": self._plan.provider,
            "feed": self._plan.feed,
            "calendar": self._plan.calendar,
            "trading_date": trading_date,
            "symbols": list(self._plan.symbols),
            "started_at": started_at,
        }
        with self._fenced() as connection:
            connection.execute(read_sql("ingest/run_insert"), values)

    def open_session(self, session: Session) -> None:
        """Writes the session and who is watched in it.

        Raises OperatorError when the day is recorded already from a feed that tells the same facts under another name:
        they would count for the feed that was first, and leave this one with full coverage and no volume. And when it
        is recorded from a simulated market and this one is real, or the other way round: nothing could part them.
        """
        values = {
            "calendar": session.calendar,
            "trading_date": session.trading_date,
            "pre_open_at": session.pre_open_at,
            "open_at": session.open_at,
            "close_at": session.close_at,
            "post_close_at": session.post_close_at,
            "feed": self._plan.feed,
            "provider": self._plan.provider,
            "symbols": list(self._plan.symbols),
            "feeds_alike": list(feeds_alike(self._plan.feed)),
            "synthetic": self._plan.synthetic,
        }
        with self._fenced() as connection:
            alike = connection.execute(read_sql("ingest/subscription_alike"), values).fetchone()
            if alike is not None:
                raise OperatorError(_recorded_already(session.trading_date, self._plan.feed, *alike))
            mixed = connection.execute(read_sql("ingest/subscription_of_other_origin"), values).fetchone()
            if mixed is not None:
                raise OperatorError(_of_other_origin(session.trading_date, self._plan, *mixed))
            connection.execute(read_sql("ingest/session_upsert"), values)
            connection.execute(read_sql("ingest/subscription_insert"), values)

    def cursors(self, endpoint: Endpoint, trading_date: date, symbols: Sequence[str]) -> dict[str, datetime]:
        """The cursors of an endpoint by symbol, as far as there are any."""
        with self._transaction() as connection:
            return cursor.load(connection, self._key(endpoint, trading_date), symbols)

    def lacks_sweep(self, session: Session) -> bool:
        """Whether the session was polled by anybody and never swept to its end."""
        values = {
            "trading_date": session.trading_date,
            "post_close_at": session.post_close_at,
            "endpoint": "trades",
            "provider": self._plan.provider,
            "feed": self._plan.feed,
        }
        with self._transaction() as connection:
            row = connection.execute(read_sql("ingest/session_swept"), values).fetchone()
        return row is not None and not row[0]

    def commit(self, polls: Sequence[Poll]) -> None:
        """Writes polls and moves their cursors, all or nothing.

        Raises FencedError when the lease is lost, RetriableError when Postgres is away: then call it again with the
        same polls, with others or without. A poll that turns out to have been committed before is passed over.
        """
        if not polls:
            return
        check_first, self._uncertain = self._uncertain, True
        with self._fenced() as connection:
            # Each for itself: what is given now need not begin with what was given then.
            unknown = [poll for poll in polls if not (check_first and self._is_known(connection, poll))]
            moves = list(self._write(connection, unknown))
            cursor.move(connection, moves)
        self._uncertain = False

    def end_run(self, outcome: str) -> None:
        """Writes how the run ended."""
        with self._fenced() as connection:
            connection.execute(read_sql("ingest/run_end"), {"producer_id": self._producer_id, "outcome": outcome[:500]})

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, connection: psycopg.Connection, polls: Iterable[Poll]) -> Iterator[CursorMove]:
        for poll in polls:
            row = connection.execute(read_sql("ingest/poll_insert"), self._values(poll)).fetchone()
            if poll.moves_cursor and poll.covered_until is not None and row is not None:
                key = self._key(poll.endpoint, poll.trading_date)
                yield CursorMove(key, poll.symbols, poll.covered_until, int(row[0]))

    def _values(self, poll: Poll) -> dict[str, object]:
        return {
            "producer_id": self._producer_id,
            "provider": self._plan.provider,
            "feed": self._plan.feed,
            "endpoint": poll.endpoint,
            "purpose": poll.purpose,
            "trading_date": poll.trading_date,
            "symbols": list(poll.symbols),
            "request": poll.request,
            "covered_from": poll.covered_from,
            "covered_until": poll.covered_until,
            "requested_at": poll.requested_at,
            "received_at": poll.received_at,
            "market_at": poll.market_at,
            "outcome": poll.outcome,
            "http_status": poll.http_status,
            "pages": poll.pages,
            "records": poll.records,
            "events": poll.events,
            "repeated": poll.repeated,
            "rejected": poll.rejected,
            "set_aside": poll.set_aside,
            "highest_seq": Jsonb(dict(poll.highest_seq)),
        }

    def _is_known(self, connection: psycopg.Connection, poll: Poll) -> bool:
        values = {
            "producer_id": self._producer_id,
            "endpoint": poll.endpoint,
            "purpose": poll.purpose,
            "requested_at": poll.requested_at,
            "outcome": poll.outcome,
            "symbols": list(poll.symbols),
        }
        return connection.execute(read_sql("ingest/poll_known"), values).fetchone() is not None

    def _key(self, endpoint: str, trading_date: date) -> CursorKey:
        return CursorKey(self._plan.provider, self._plan.feed, endpoint, trading_date)

    @contextmanager
    def _fenced(self) -> Iterator[psycopg.Connection]:
        with self._transaction() as connection:
            if self._held is not None:
                lease.fence(connection, self._held())
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        """A transaction on the open connection or a new one; a lost connection is dropped and a RetriableError."""
        try:
            with outages(self._dsn):
                if self._connection is None or self._connection.closed:
                    self._connection = connect(
                        self._dsn, application_name="marketpulse producer", session_options=_SESSION_OPTIONS
                    )
                with self._connection.transaction():
                    yield self._connection
        except BaseException:
            # Also after a statement timeout: a fresh connection has no open questions.
            self.close()
            raise


def _recorded_already(trading_date: date, feed: str, recorded: str, symbols: Sequence[str]) -> str:
    return (
        f"{trading_date} is recorded from the feed {recorded} for {_who(symbols)}, and {feed} tells the same trades: "
        f"set MARKETPULSE_FEED={recorded} for this day, or start {feed} with another one (--session)"
    )


def _of_other_origin(trading_date: date, plan: ProducerPlan, symbols: Sequence[str]) -> str:
    here, there = ("simulated", "real") if plan.synthetic else ("real", "simulated")
    return (
        f"{trading_date} is recorded from a {there} market on {plan.feed} for {_who(symbols)}, and {here} trades would"
        f" mix with them: choose another session or feed, or a state folder of its own (MARKETPULSE_STATE_DIR)"
    )


def _who(symbols: Sequence[str]) -> str:
    named = ", ".join(symbols[:_NAMED])
    others = len(symbols) - _NAMED
    return named if others <= 0 else f"{named} and {others} more"
