"""When a day may be called final: swept after its close, landed as far as Kafka went then, computed, proved, explained.

Every condition is read from stored facts, so the answer is the same whoever asks. A later change of any figure makes
the day `restated`; that is the rollups' part.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg

from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.rollups import extend_series
from marketpulse.warehouse.topic_ends import TopicEnds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """One provisional day of a symbol and feed; `waits_for` names what it lacks, None when it has just become final."""

    symbol: str
    trading_date: date
    feed: str
    waits_for: str | None


def finalise(dsn: str, ends: Callable[[], TopicEnds]) -> tuple[JudgedDay, ...]:
    """Make final what may be, and say of every other provisional day with a session what it waits for. Idempotent.

    `dsn` is the operations role's. `ends` asks Kafka where its topics end; it is called once, and only when a sweep was
    made since the last call: a day waits for the ends after its own sweep and for no later ones. Raises RetriableError
    when Postgres or Kafka does not answer; then nothing has changed.
    """
    with outages(dsn), connect(dsn, application_name="finality", autocommit=True) as connection:
        _record_ends(connection, ends)
        with connection.transaction():
            connection.execute(read_sql("rollups/lock"))
            judged = tuple(JudgedDay(*row) for row in connection.execute(read_sql("finality/finalise")))
            final = [day for day in judged if day.waits_for is None]
            marks = {"symbols": [day.symbol for day in final], "from_dates": [day.trading_date for day in final]}
            connection.execute(read_sql("finality/mark_periods"), marks)
            extend_series(connection)
    _report(judged)
    return judged


def _record_ends(connection: psycopg.Connection, ends: Callable[[], TopicEnds]) -> None:
    swept = connection.execute(read_sql("finality/select_swept")).fetchall()
    if not swept:
        return
    found = ends()
    with connection.transaction():
        for trading_date, feed, poll_id in swept:
            values = {
                "trading_date": trading_date,
                "feed": feed,
                "poll_id": poll_id,
                "topics": [topic for topic, _ in found],
                "partitions": [partition for _, partition in found],
                "topic_ids": [end.topic_id for end in found.values()],
                "end_offsets": [end.offset for end in found.values()],
            }
            connection.execute(read_sql("finality/record_ends"), values)


def _report(judged: tuple[JudgedDay, ...]) -> None:
    for (trading_date, feed, waits_for), days in sorted(
        Counter((day.trading_date, day.feed, day.waits_for or "") for day in judged).items()
    ):
        if waits_for:
            logger.warning("%s on %s: %d symbols wait for %s", trading_date, feed, days, waits_for)
        else:
            logger.info("%s on %s: %d symbols are final", trading_date, feed, days)
