"""Recovered means: a poll that began after the fault has published events and is committed, and the stream has passed
the ends that both topics had then.
"""

from datetime import datetime

from marketpulse.broker.topic import End, Place
from marketpulse.errors import RetriableError
from marketpulse.resources import read_sql
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.ledger import Position, read_ledger
from marketpulse.warehouse.topic_ends import topic_ends

TOPICS = {EVENT_TOPIC, DEAD_LETTER_TOPIC}


class Recovery:
    """Watches one return to work. Every question raises RetriableError while something that it asks is away."""

    def __init__(self, settings: Settings, since: datetime) -> None:
        """`since` by the host's clock: when the fault was over."""
        self._settings = settings
        self._since = since
        self._ends: dict[Place, End] | None = None

    def is_awaited(self) -> str | None:
        """What is still missing; None once the pipeline has recovered."""
        if self._ends is None:
            if not has_published(self._settings, self._since):
                return "the producer has not published again"
            self._ends = _ends(self._settings)
        ledger = _ledger(self._settings)
        behind = sum(end.offset - _reached(ledger.get(place), end) for place, end in self._ends.items())
        return f"{behind} records to land" if behind > 0 else None


def has_published(settings: Settings, since: datetime) -> bool:
    """Whether a poll that began later (host clock) has published and is committed."""
    dsn = settings.operations_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="chaos", autocommit=True) as connection:
        return bool(connection.execute(read_sql("chaos/select_published"), {"since": since}).fetchone())


def records_passed(settings: Settings) -> int:
    """How many records of both topics the stream has accounted for so far."""
    return sum(position.next_offset for position in _ledger(settings).values())


def refused_records(settings: Settings) -> int:
    """Dead letters that the stream itself has made of events: an outage must never make one."""
    dsn = settings.operations_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="chaos", autocommit=True) as connection:
        row = connection.execute(read_sql("chaos/count_refused"), {"topic": EVENT_TOPIC}).fetchone()
    return int(row[0]) if row else 0


def _ends(settings: Settings) -> dict[Place, End]:
    ends = topic_ends(settings.kafka_bootstrap)
    if {topic for topic, _ in ends} != TOPICS:
        raise RetriableError("Kafka does not know its topics yet")
    return ends


def _ledger(settings: Settings) -> dict[Place, Position]:
    dsn = settings.writer_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="chaos", autocommit=True) as connection:
        return read_ledger(connection)


def _reached(position: Position | None, end: End) -> int:
    """A position in another topic of that name says nothing."""
    if position is None or not position.is_of(end.topic_id):
        return 0
    return min(position.next_offset, end.offset)
