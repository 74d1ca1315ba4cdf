"""`marketpulse replay`: a recorded file straight through the contract and Kafka.

A trade of a file has no id of its own: what the line says is one, with its ordinal among identical lines. So identical
lines stay separate trades, and the same day again adds nothing, also when lines were taken out of the file or put in.
The number of the line is the trade's sequence. The run and its polls are recorded like a producer's, without cursors.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from marketpulse.broker.topic_reader import event_partitions
from marketpulse.clock import market_clock
from marketpulse.errors import OperatorError, RecordError
from marketpulse.events.conditions import UNMAPPED_FLAG
from marketpulse.events.envelope import Provenance
from marketpulse.events.event import Feed, Trade
from marketpulse.events.identity import synthetic_trade_id, trade_ids
from marketpulse.events.number import PRICE_PATTERN, SIZE_PATTERN, check_text, price_number
from marketpulse.events.recording import Recording, Row, opened_recording, recorded_zone
from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.events.timestamps import local_ns, ns_datetime
from marketpulse.ingest.dead_letters import DeadLetterOffice
from marketpulse.ingest.journal import Journal, Poll
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.publisher import Publisher, new_producer_id, producer_configuration, value_bytes
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Outcome, Rejected, Request
from marketpulse.settings import Settings
from marketpulse.store.postgres import connect

logger = logging.getLogger(__name__)

PROVIDER = "replay"
FEED: Feed = "replay"
ENDPOINT = "replay.trades"
_MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class _Source:
    """A file of trades: which symbol they are of, and in which local time their stamps are."""

    path: Path
    symbol: str
    timezone: str


@dataclass(slots=True)
class _Day:
    """What a file held of one trading day."""

    first_ns: int
    last_ns: int
    events: int = 0


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was published."""

    symbol: str
    trading_dates: tuple[date, ...]
    events: int
    rejected: int

    def __str__(self) -> str:
        days = ", ".join(map(str, self.trading_dates)) or "no day"
        return f"{self.events} trades of {self.symbol} on {days} published, {self.rejected} lines rejected"


def replay_file(file: Path, *, symbol: str, kind: str, timezone: str, settings: Settings) -> Replayed:
    """Publishes the file and records it. Blocks until the broker has acknowledged everything.

    Raises OperatorError for a file, kind or zone that cannot be used, RetriableError when Kafka or Postgres is away.
    A replay that was broken off is simply repeated.
    """
    if kind != "trades":
        raise OperatorError(f"--kind {kind} cannot be replayed: only trades can")
    recorded_zone(timezone)
    source = _Source(file, symbol.upper(), timezone)
    sessions = calendar(settings.calendar)
    producer_id = new_producer_id()
    # Both ends are there before the first record goes out.
    connect(settings.operations_dsn.get_secret_value(), application_name="marketpulse replay").close()
    with opened_recording(file) as recording:
        publisher = Publisher(
            producer_id,
            event_partitions(settings.kafka_bootstrap),
            producer_configuration(settings.kafka_bootstrap, settings.kafka_max_message_bytes),
        )
        letter_bytes = value_bytes(settings.kafka_max_message_bytes)
        replay = _Replay(source, sessions, publisher, synthetic=settings.synthetic, letter_bytes=letter_bytes)
        replay.publish(recording)
    publisher.flush()
    return replay.record(settings, producer_id)


class _Replay:
    """One pass over a file."""

    def __init__(
        self,
        source: _Source,
        sessions: SessionCalendar,
        publisher: Publisher,
        *,
        synthetic: bool,
        letter_bytes: int,
    ) -> None:
        self._source = source
        self._sessions = sessions
        self._publisher = publisher
        self._synthetic = synthetic
        self._office = DeadLetterOffice(PROVIDER, FEED, Redactor(), letter_bytes=letter_bytes)
        params = (("symbol", source.symbol), ("timezone", source.timezone))
        self._request = Request("trades", source.path.name, params, (source.symbol,))
        self._started_at = datetime.now(UTC)
        self._lines = 0
        self._days: dict[date, _Day] = {}
        self._rejected: set[str] = set()
        self._identical: Counter[tuple[str, str]] = Counter()

    def publish(self, recording: Recording) -> None:
        for ordinal, (_, fields) in enumerate(recording, start=1):
            self._lines = ordinal
            # One stamp per thousand lines: they are read in one go.
            if ordinal % 1000 == 1:
                provenance = self._provenance(datetime.now(UTC))
            try:
                trade = self._trade(_row(recording, fields), ordinal, provenance)
                self._publisher.publish(trade)
            except RecordError as error:
                self._reject(fields, ordinal, error)
                continue
            ns = trade.event_time_ns
            day = self._days.setdefault(trade.trading_date, _Day(ns, ns))
            day.first_ns, day.last_ns = min(day.first_ns, ns), max(day.last_ns, ns)
            day.events += 1

    def record(self, settings: Settings, producer_id: str) -> Replayed:
        """Writes the run, its sessions and one poll a trading day."""
        source, dates = self._source, tuple(sorted(self._days))
        plan = ProducerPlan(PROVIDER, FEED, (source.symbol,), settings.calendar, synthetic=self._synthetic)
        journal = Journal(settings.operations_dsn.get_secret_value(), producer_id, plan)
        market_at = market_clock(settings.market_clock).now()
        try:
            first = dates[0] if dates else self._started_at.date()
            journal.open_run(first, self._started_at)
            for trading_date in dates:
                session = self._sessions.session(trading_date)
                if session is not None:
                    journal.open_session(session)
            journal.commit(
                [
                    self._poll(trading_date, market_at, len(self._rejected) if trading_date == first else 0)
                    for trading_date in dates or (first,)
                ]
            )
            journal.end_run("completed")
        finally:
            journal.close()
        return Replayed(source.symbol, dates, sum(day.events for day in self._days.values()), len(self._rejected))

    def _poll(self, trading_date: date, market_at: datetime, rejected: int) -> Poll:
        day = self._days.get(trading_date)
        # A line that became no trade has no day either: it counts with the first one.
        later = sum(other.events for at, other in self._days.items() if at != min(self._days))
        # The minutes from the first trade to the last: what the file can vouch for.
        first = None if day is None else ns_datetime(day.first_ns - day.first_ns % _MINUTE_NS)
        last = None if day is None else ns_datetime(day.last_ns - day.last_ns % _MINUTE_NS) + timedelta(minutes=1)
        return Poll(
            endpoint="trades",
            purpose="replay",
            trading_date=trading_date,
            symbols=(self._source.symbol,),
            request=self._request.text(),
            covered_from=first,
            covered_until=last,
            requested_at=self._started_at,
            received_at=datetime.now(UTC),
            market_at=market_at,
            outcome=str(Outcome.OK if day is not None else Outcome.EMPTY),
            http_status=None,
            pages=1,
            records=day.events if day and trading_date != min(self._days) else self._lines - later,
            events=0 if day is None else day.events,
            repeated=0,
            rejected=rejected,
            highest_seq=self._publisher.highest(),
        )

    def _reject(self, fields: list[str], ordinal: int, error: RecordError) -> None:
        now = datetime.now(UTC)
        body = f"line {ordinal}: " + ",".join(fields)
        rejected = Rejected(error.reason, error.detail, body, self._source.symbol)
        letter = self._office.letter(rejected, self._request, requested_at=now, received_at=now)
        logger.warning("%s line %d: %s", self._source.path.name, ordinal, error)
        self._publisher.publish_dead_letter(letter)
        self._rejected.add(letter.dead_letter_id)

    def _provenance(self, received_at: datetime) -> Provenance:
        return Provenance(
            provider=PROVIDER,
            endpoint=ENDPOINT,
            feed=FEED,
            synthetic=self._synthetic,
            requested_at=self._started_at,
            received_at=received_at,
            currency="USD",
        )

    def _trade(self, row: Row, ordinal: int, provenance: Provenance) -> Trade:
        source = self._source
        try:
            ns = local_ns(row.time, source.timezone)
        except ValueError as error:
            raise RecordError("time", str(error)) from None
        check_text("price", row.price, PRICE_PATTERN)
        check_text("size", row.size, SIZE_PATTERN)
        price, size = price_number("price", Decimal(row.price)), Decimal(row.size)
        conditions = (row.conditions,) if row.conditions else ()
        line = (row.exchange, synthetic_trade_id(ns, price, size, conditions, 0))
        trade_id = synthetic_trade_id(ns, price, size, conditions, self._identical[line])
        self._identical[line] += 1
        ids = trade_ids(
            PROVIDER,
            FEED,
            symbol=source.symbol,
            exchange=row.exchange,
            trf="",
            trade_id=trade_id,
            event_time_ns=ns,
            price=price,
            size=size,
        )
        return Trade(
            **provenance.envelope(
                ids,
                source.symbol,
                action="new",
                event_time_ns=ns,
                precision="ms",
                basis="trade",
                place=self._sessions.place(ns),
                quality=(UNMAPPED_FLAG,),
            ),
            price=price,
            size=size,
            trade_id=trade_id,
            sequence=str(ordinal),
            exchange=row.exchange or None,
            conditions=conditions,
            volume_scope="consolidated",
        )


def _row(recording: Recording, fields: list[str]) -> Row:
    try:
        return recording.row(fields)
    except ValueError as error:
        raise RecordError("schema", str(error)) from None
