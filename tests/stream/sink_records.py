"""Events as a provider would send them, and the sink under test fed with them directly."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from marketpulse.events.codec import encode, encode_dead_letter
from marketpulse.events.event import Action, AnyEvent, Bar, DeadLetter, Feed, Quote, SessionPart, Trade
from marketpulse.events.identity import bar_ids, dead_letter_id, quote_ids, trade_ids
from marketpulse.events.timestamps import datetime_ns, format_ns
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, STREAM
from marketpulse.stream.landing import Receipt
from marketpulse.stream.record import Record, Records
from marketpulse.stream.sink import Sink, SinkPlan

DAY = date(2025, 3, 14)
OPEN = datetime(2025, 3, 14, 13, 30, tzinfo=UTC)
RECEIVED = datetime(2025, 3, 14, 21, 0, tzinfo=UTC)


@dataclass(slots=True)
class FixedClock:
    """A market clock that stands still until a test moves it."""

    at: datetime = OPEN + timedelta(hours=3)

    def now(self) -> datetime:
        return self.at


def trade(
    trade_id: int,
    *,
    at: datetime = OPEN,
    price: str = "10",
    size: str = "100",
    action: Action = "new",
    received_at: datetime = RECEIVED,
    symbol: str = "AAA",
    feed: Feed = "sip",
    conditions: tuple[str, ...] = ("@",),
    session_part: SessionPart = "regular",
    trading_date: date = DAY,
    producer_id: str = "p-1",
    producer_seq: int = 1,
    **more: Any,
) -> Trade:
    ns = datetime_ns(at)
    entity_id, event_id = trade_ids(
        "alpaca",
        feed,
        symbol=symbol,
        exchange="V",
        trf="",
        trade_id=str(trade_id),
        event_time_ns=ns,
        price=price,
        size=size,
        action=action,
    )
    values: dict[str, Any] = {
        "schema_version": 1,
        "entity_id": entity_id,
        "event_id": event_id,
        "action": action,
        "provider": "alpaca",
        "endpoint": "alpaca.trades",
        "feed": feed,
        "synthetic": True,
        "symbol": symbol,
        "provider_symbol": symbol,
        "session_part": session_part,
        "trading_date": trading_date,
        "event_at": format_ns(ns),
        "event_time_ns": ns,
        "event_time_precision": "ns",
        "event_time_basis": "trade",
        "requested_at": received_at - timedelta(milliseconds=50),
        "received_at": received_at,
        "producer_id": producer_id,
        "producer_seq": producer_seq,
        "price": Decimal(price),
        "size": Decimal(size),
        "trade_id": str(trade_id),
        "exchange": "V",
        "tape": "A",
        "conditions": conditions,
        "volume_scope": "consolidated",
    }
    return Trade(**(values | more))


def quote(*, at: datetime = OPEN, bid: str = "9.99", ask: str = "10.01", symbol: str = "AAA") -> Quote:
    ns = datetime_ns(at)
    entity_id, event_id = quote_ids(
        "alpaca",
        "sip",
        symbol=symbol,
        event_time_ns=ns,
        bid=bid,
        bid_size="1",
        bid_exchange="V",
        ask=ask,
        ask_size="2",
        ask_exchange="V",
    )
    return Quote(
        **_base(entity_id, event_id, ns, symbol, "new"),
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=Decimal(1),
        ask_size=Decimal(2),
    )


def bar(*, at: datetime = OPEN, close: str = "10.5", received_at: datetime = RECEIVED, symbol: str = "AAA") -> Bar:
    ns = datetime_ns(at)
    entity_id, event_id = bar_ids(
        "alpaca",
        "sip",
        symbol=symbol,
        interval="PT1M",
        bar_start_ns=ns,
        adjustment="raw",
        open_="10",
        high="11",
        low="9",
        close=close,
        volume="1000",
    )
    return Bar(
        **(_base(entity_id, event_id, ns, symbol, "upsert") | {"received_at": received_at}),
        interval="PT1M",
        bar_start_ns=ns,
        bar_end_ns=ns + 60_000_000_000,
        adjustment="raw",
        open=Decimal(10),
        high=Decimal(11),
        low=Decimal(9),
        close=Decimal(close),
        volume=Decimal(1000),
        trade_count=7,
        volume_scope="consolidated",
    )


def dead_letter(body: str = '{"p":null}', **more: Any) -> DeadLetter:
    values: dict[str, Any] = {
        "schema_version": 1,
        "dead_letter_id": dead_letter_id("alpaca", "alpaca.trades", "sip", body),
        "reason": "number",
        "detail": "price is NoneType",
        "provider": "alpaca",
        "endpoint": "alpaca.trades",
        "feed": "sip",
        "request": "/v2/stocks/trades?symbols=AAA",
        "body": body,
        "requested_at": RECEIVED,
        "received_at": RECEIVED,
        "symbol": "AAA",
        "producer_id": "p-1",
        "producer_seq": 1,
    }
    return DeadLetter(**(values | more))


def _base(entity_id: str, event_id: str, ns: int, symbol: str, action: Action) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "entity_id": entity_id,
        "event_id": event_id,
        "action": action,
        "provider": "alpaca",
        "endpoint": "alpaca.snapshots",
        "feed": "sip",
        "synthetic": True,
        "symbol": symbol,
        "provider_symbol": symbol,
        "session_part": "regular",
        "trading_date": DAY,
        "event_at": format_ns(ns),
        "event_time_ns": ns,
        "event_time_precision": "ns",
        "event_time_basis": "quote",
        "requested_at": RECEIVED,
        "received_at": RECEIVED,
        "producer_id": "p-1",
        "producer_seq": 1,
    }


Item = AnyEvent | DeadLetter | bytes | None


@dataclass(slots=True)
class Feeder:
    """Plays Kafka for one sink: gives offsets to events, partition by partition, and hands them over as records."""

    owner_dsn: str
    writer_dsn: str
    clock: FixedClock = field(default_factory=FixedClock)
    host: FixedClock = field(default_factory=FixedClock)
    epoch: int = 1
    topic_id: str = "T"
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    sinks: list[Sink] = field(default_factory=list)

    def sink(self, epoch: int | None = None) -> Sink:
        plan = SinkPlan(STREAM, epoch or self.epoch, self.writer_dsn, "host", 60.0)
        self.sinks.append(Sink(plan, self.clock, self.host))
        return self.sinks[-1]

    def restart(self) -> None:
        """The driver starts anew: an epoch of its own, and sinks that remember nothing."""
        self.close()
        self.sinks.clear()
        [(self.epoch,)] = self.rows("UPDATE ops.stream_run SET epoch = epoch + 1 RETURNING epoch")

    def records(self, *items: Item, topic: str = EVENT_TOPIC, partition: int = 0) -> Records:
        place = (topic, partition)
        start = self.ends.setdefault(place, 0)
        self.ends[place] += len(items)
        with psycopg.connect(self.owner_dsn) as connection:
            connection.execute(
                "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)"
                " VALUES (%s, %s, %s, %s, 1) ON CONFLICT DO NOTHING",
                (topic, partition, self.topic_id, start),
            )
        return Records.of(
            [Record(topic, partition, start + index, RECEIVED, _value(item)) for index, item in enumerate(items)]
        )

    def land(self, *items: Item, topic: str = EVENT_TOPIC, partition: int = 0) -> Receipt:
        """Publish and land the items as one batch."""
        records = self.records(*items, topic=topic, partition=partition)
        return (self.sinks[0] if self.sinks else self.sink()).land(records)

    def land_dead_letters(self, *items: Item) -> Receipt:
        return self.land(*items, topic=DEAD_LETTER_TOPIC)

    def close(self) -> None:
        for sink in self.sinks:
            sink.close()

    def connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.owner_dsn, options="-c TimeZone=UTC")

    def rows(self, query: str, *values: object) -> list[Any]:
        with self.connected() as connection:
            return connection.execute(query, values).fetchall()

    def execute(self, query: str, *values: object) -> None:
        with psycopg.connect(self.owner_dsn) as connection:
            connection.execute(query, values)


def _value(item: Item) -> bytes | None:
    if item is None or isinstance(item, bytes):
        return item
    return encode_dead_letter(item) if isinstance(item, DeadLetter) else encode(item)
