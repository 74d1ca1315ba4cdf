"""A stored dead letter as people see it, and how one asks for some of them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

# `waiting` is open or fixed: nobody has replayed or accepted it.
STATES = ("waiting", "open", "fixed", "replayed", "accepted", "any")
_PREFIX = re.compile(r"[0-9a-f]{4,32}")
_UNLIMITED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A row of ops.dead_letter with its newest correction. `body` may be only the beginning of `body_bytes` bytes.

    `fixed`: open, with a correction that waits for its replay. `feed` None: the stream wrote the letter, and the body
    is a record of the topic; otherwise a producer did, and it is what its provider sent.
    """

    dead_letter_id: UUID
    state: str
    reason: str
    detail: str
    provider: str | None
    endpoint: str | None
    feed: str | None
    symbol: str | None
    request: str | None
    kafka_topic: str
    kafka_partition: int
    kafka_offset: int
    producer_id: str | None
    producer_seq: int | None
    received_at: datetime | None
    landed_at: datetime
    body_bytes: int
    body: bytes
    fix_id: int | None
    fixed_body: bytes | None
    fixed_by: str | None
    fixed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "fixed")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters; None asks for any, `state` for one of STATES. `landed_on` is the day on which they landed, UTC."""

    ids: tuple[UUID, ...] | None = None
    state: str = "any"
    reason: str | None = None
    producer: str | None = None
    landed_on: date | None = None

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise OperatorError(f"{self.state!r} is no state of a dead letter: use one of {', '.join(STATES)}")

    @property
    def is_bounded(self) -> bool:
        """Whether it asks for less than all letters of its state."""
        return (self.ids, self.reason, self.producer, self.landed_on) != (None, None, None, None)

    def values(self) -> dict[str, object]:
        """The parameters of include/sql/dlq/find.sql and count.sql."""
        return {
            "ids": None if self.ids is None else list(self.ids),
            "status": {"waiting": "open", "fixed": "open", "any": None}.get(self.state, self.state),
            "is_fixed": {"fixed": True, "open": False}.get(self.state),
            "reason": self.reason,
            "producer": self.producer,
            "landed_on": self.landed_on,
        }


@dataclass(frozen=True, slots=True)
class History:
    """What was done about a letter, and what became of the event that was sent in its place."""

    replayed_by: str | None
    replayed_at: datetime | None
    event_id: UUID | None
    trading_date: date | None
    outcome: str | None
    accepted_by: str | None
    accepted_at: datetime | None
    reason: str | None

    def told(self) -> dict[str, Any]:
        """What is there to tell."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@contextmanager
def reading(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection that only looks. Raises RetriableError when Postgres is away."""
    with outages(dsn), connect(dsn, application_name="dlq") as connection:
        yield connection


@contextmanager
def changing(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit that alone may change dead letters until the block ends.

    Raises OperatorError while another command does, RetriableError when Postgres is away.
    """
    with outages(dsn), connect(dsn, application_name="dlq", autocommit=True) as connection:
        row = connection.execute(read_sql("dlq/lock")).fetchone()
        if row is None or not row[0]:
            raise OperatorError("another 'marketpulse dlq' command is at work: wait until it has ended")
        yield connection


def find(
    connection: psycopg.Connection,
    selection: Selection,
    *,
    most: int = _UNLIMITED,
    after: StoredLetter | None = None,
    body_limit: int = _UNLIMITED,
) -> list[StoredLetter]:
    """Letters in the order in which they landed, at most so many, from behind one of them."""
    with connection.cursor(row_factory=class_row(StoredLetter)) as cursor:
        values = selection.values() | {
            "most": most,
            "body_limit": body_limit,
            "after_at": None if after is None else after.landed_at,
            "after_id": None if after is None else after.dead_letter_id,
        }
        return cursor.execute(read_sql("dlq/find"), values).fetchall()


def counts(connection: psycopg.Connection, selection: Selection) -> list[tuple[str, str, int]]:
    """How many letters there are by (state, reason), most first."""
    return connection.execute(read_sql("dlq/count"), selection.values()).fetchall()


def named(dsn: str, typed: Sequence[str]) -> tuple[UUID, ...] | None:
    """The letters that a person names by the beginnings of their ids; None when nobody is named.

    Raises OperatorError unless each names one.
    """
    if not typed:
        return None
    with reading(dsn) as connection:
        return tuple(_identified(connection, text) for text in typed)


def the_letter(connection: psycopg.Connection, typed: str, *, body_limit: int | None = None) -> StoredLetter:
    """The one letter that a person names, with its body up to a limit."""
    selection = Selection(ids=(_identified(connection, typed),))
    (letter,) = find(connection, selection, body_limit=_UNLIMITED if body_limit is None else body_limit)
    return letter


def history(connection: psycopg.Connection, letter: StoredLetter) -> History:
    """What was done about the letter."""
    with connection.cursor(row_factory=class_row(History)) as cursor:
        cursor.execute(read_sql("dlq/select_history"), {"dead_letter_id": letter.dead_letter_id})
        (found,) = cursor.fetchall()
    return found


def _identified(connection: psycopg.Connection, typed: str) -> UUID:
    digits = typed.lower().replace("-", "")
    if _PREFIX.fullmatch(digits) is None:
        raise OperatorError(f"{typed[:40]!r} is no id of a dead letter: give at least four of its hex digits")
    bounds = {"first": UUID(digits.ljust(32, "0")), "last": UUID(digits.ljust(32, "f"))}
    rows = connection.execute(read_sql("dlq/select_ids"), bounds).fetchall()
    if not rows:
        raise OperatorError(f"no dead letter begins with {typed}: 'marketpulse dlq list' shows them")
    if len(rows) > 1:
        raise OperatorError(f"several dead letters begin with {typed}: give more of the id")
    found: UUID = rows[0][0]
    return found
