"""Sending dead letters again: each as an event on the topic, numbered and counted like a producer's, at most once.

The letters' status, the numbers that the broker acknowledged and the poll that counts them are written in one
transaction. What was sent before a crash and not written down is sent again, and is the same version of the same fact:
the stream counts it as a duplicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from marketpulse.broker.topic_reader import event_partitions
from marketpulse.clock import market_clock
from marketpulse.dlq.candidate import Bench, candidate
from marketpulse.dlq.letter import Selection, StoredLetter, changing, find
from marketpulse.errors import RecordError
from marketpulse.events.event import AnyEvent
from marketpulse.events.partition import partition_of
from marketpulse.ingest.publisher import Publisher, new_producer_id, producer_configuration
from marketpulse.resources import read_sql
from marketpulse.settings import EVENT_TOPIC, Settings

# What is sent, flushed and written down together.
CHUNK = 500
# The name under which replays of files are kept apart from the providers' producers, too.
PROVIDER = FEED = "replay"
ENDPOINT = "dead_letters"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter that the stream would not take, and why."""

    dead_letter_id: UUID
    error: RecordError


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was sent; or, when it was only asked, what would be. `settled`: named, and replayed or accepted before."""

    sent: tuple[UUID, ...]
    unsent: tuple[Unsent, ...]
    settled: tuple[StoredLetter, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sent:
    letter: StoredLetter
    event: AnyEvent
    partition: int
    producer_seq: int


def replay(settings: Settings, selection: Selection, *, replayed_by: str, dry_run: bool = False) -> Replayed:
    """Send every waiting letter of the selection that the stream would take. Blocks until all is acknowledged.

    Raises OperatorError while another command changes dead letters, RetriableError when Kafka or Postgres is away:
    then it is simply repeated.
    """
    bench = Bench.of(settings)
    wanted = replace(selection, state="waiting")
    sent: list[UUID] = []
    unsent: list[Unsent] = []
    with changing(settings.operations_dsn.get_secret_value()) as connection:
        named = find(connection, selection, body_limit=0) if selection.ids else []
        settled = tuple(letter for letter in named if not letter.is_open)
        mail: _Mail | None = None
        last: StoredLetter | None = None
        while letters := find(connection, wanted, most=CHUNK, after=last):
            last = letters[-1]
            ready, refused = _sorted_out(connection, letters, bench)
            unsent += refused
            if ready and not dry_run:
                mail = mail or _Mail(connection, settings, replayed_by)
                ready, too_long = mail.send(ready)
                unsent += too_long
            sent += [letter.dead_letter_id for letter, _ in ready]
        if mail is not None:
            mail.close()
    return Replayed(tuple(sent), tuple(unsent), settled)


_Ready = list[tuple[StoredLetter, AnyEvent]]


def _sorted_out(
    connection: psycopg.Connection, letters: Sequence[StoredLetter], bench: Bench
) -> tuple[_Ready, list[Unsent]]:
    ready: _Ready = []
    refused: list[Unsent] = []
    for letter in letters:
        try:
            ready.append((letter, candidate(letter, bench)))
        except RecordError as error:
            refused.append(Unsent(letter.dead_letter_id, error))
    dates = sorted({event.trading_date for _, event in ready})
    sealed = {day for (day,) in connection.execute(read_sql("dlq/select_sealed"), {"dates": dates})}
    gone = RecordError("sealed_day", "the day's events were dropped by retention")
    refused += [Unsent(letter.dead_letter_id, gone) for letter, event in ready if event.trading_date in sealed]
    return [(letter, event) for letter, event in ready if event.trading_date not in sealed], refused


class _Mail:
    """One producer's run: it sends chunks and writes each down once the broker has acknowledged it."""

    def __init__(self, connection: psycopg.Connection, settings: Settings, replayed_by: str) -> None:
        self._connection = connection
        self._settings = settings
        self._replayed_by = replayed_by
        self._clock = market_clock(settings.market_clock)
        self._partitions = event_partitions(settings.kafka_bootstrap)
        self._producer_id = new_producer_id()
        configuration = producer_configuration(settings.kafka_bootstrap, settings.kafka_max_message_bytes)
        self._publisher = Publisher(self._producer_id, self._partitions, configuration)

    def send(self, letters: _Ready) -> tuple[_Ready, list[Unsent]]:
        started_at, market_at = datetime.now(UTC), self._clock.now()
        sent: list[_Sent] = []
        unsent: list[Unsent] = []
        for letter, event in letters:
            try:
                self._publisher.publish(event, published_at=started_at)
            except RecordError as error:
                unsent.append(Unsent(letter.dead_letter_id, error))
                continue
            partition = partition_of(event.symbol, self._partitions)
            sent.append(_Sent(letter, event, partition, self._publisher.highest()[f"{EVENT_TOPIC}/{partition}"]))
        self._publisher.flush()
        if sent:
            self._write(sent, started_at, market_at)
        return [(one.letter, one.event) for one in sent], unsent

    def close(self) -> None:
        self._publisher.close()
        values = {"producer_id": self._producer_id, "outcome": "completed"}
        self._connection.execute(read_sql("ingest/run_end"), values)

    def _write(self, sent: Sequence[_Sent], started_at: datetime, market_at: datetime) -> None:
        first_date: date = min(one.event.trading_date for one in sent)
        values: dict[str, object] = {
            "producer_id": self._producer_id,
            "provider": PROVIDER,
            "feed": FEED,
            "calendar": self._settings.calendar,
            "trading_date": first_date,
            "symbols": sorted({one.event.symbol for one in sent}),
            "started_at": started_at,
            "endpoint": ENDPOINT,
            "purpose": "replay",
            "request": f"dead letters, sent again by {self._replayed_by}",
            "covered_from": None,
            "covered_until": None,
            "requested_at": started_at,
            "received_at": datetime.now(UTC),
            "market_at": market_at,
            "outcome": "ok",
            "http_status": None,
            "pages": 1,
            "records": len(sent),
            "events": len(sent),
            "repeated": 0,
            "rejected": 0,
            "set_aside": 0,
            "highest_seq": Jsonb(self._publisher.highest()),
        }
        with self._connection.transaction():
            self._connection.execute(read_sql("ingest/run_insert"), values)
            row = self._connection.execute(read_sql("ingest/poll_insert"), values).fetchone()
            assert row is not None  # noqa: S101 - the statement returns the row that it inserts
            for one in sent:
                self._connection.execute(read_sql("dlq/insert_replay"), self._values(one, int(row[0])))

    def _values(self, one: _Sent, poll_id: int) -> dict[str, object]:
        return {
            "dead_letter_id": one.letter.dead_letter_id,
            "fix_id": one.letter.fix_id,
            "poll_id": poll_id,
            "producer_id": self._producer_id,
            "partition": one.partition,
            "producer_seq": one.producer_seq,
            "trading_date": one.event.trading_date,
            "entity_id": one.event.entity_id,
            "event_id": one.event.event_id,
            "replayed_by": self._replayed_by,
        }
