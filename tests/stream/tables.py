"""What the stream leaves in Postgres, as far as it must not depend on how the records came."""

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Identifier
from tests.stream.sink_records import Feeder

# Who sent and landed a version, and when: what differs when the same events come another way.
ENVELOPE = [
    "endpoint",
    "requested_at",
    "producer_id",
    "producer_seq",
    "kafka_topic",
    "kafka_partition",
    "kafka_offset",
    "batch_id",
    "landed_at",
    "first_batch_id",
    "superseded_at",
    "superseded_batch_id",
    "version",
    "updated_at",
    "revision",
    "dirtied_at",
]
TABLES: tuple[LiteralString, ...] = (
    "market.event",
    "market.event_superseded",
    "market.bar_1m",
    "market.latest",
    "market.provider_bar",
    "market.feed_progress",
    "ops.dirty_day",
)
BOOKS: tuple[LiteralString, ...] = ("ops.stream_batch", "ops.stream_ledger", "ops.restatement", "ops.dead_letter")


def tables(feeder: Feeder, *, without: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table without its envelope, and without these columns."""
    found: dict[str, list[Any]] = {}
    with psycopg.connect(feeder.owner_dsn) as connection:
        for name in TABLES:
            query = SQL("SELECT to_jsonb(found) - %s::text[] FROM {} AS found").format(SQL(name))
            found[name] = sorted((row for (row,) in connection.execute(query, ([*ENVELOPE, *without],))), key=repr)
    return found


def empty(feeder: Feeder) -> None:
    """Forget everything that landed, offsets too."""
    with psycopg.connect(feeder.owner_dsn) as connection:
        connection.execute(SQL("TRUNCATE {} CASCADE").format(SQL(", ".join((*TABLES, *BOOKS)))))
    feeder.ends.clear()


def fingerprint(feeder: Feeder) -> dict[str, str]:
    """Each table of the market and of our books as it is to the last column; which run may commit left out."""
    found: dict[str, str] = {}
    with psycopg.connect(feeder.owner_dsn) as connection:
        names = connection.execute(
            "SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE nspname IN ('market', 'ops') AND relkind IN ('r', 'p') AND NOT relispartition"
            " AND relname <> 'stream_run'"
        ).fetchall()
        for name in names:
            query = SQL("SELECT md5(string_agg(found::text, ';' ORDER BY found::text)) FROM {} AS found")
            [(found[".".join(name)],)] = connection.execute(query.format(Identifier(*name)))
    return found
