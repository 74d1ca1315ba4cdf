"""The publisher on a real broker: keys, partitions, numbers, headers, times; and records that do not fit."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.ingest.real_broker import RealBroker

from marketpulse.errors import RecordError
from marketpulse.events.codec import decode_dead_letter, stamped
from marketpulse.events.event import DeadLetter, Trade
from marketpulse.events.partition import partition_of
from marketpulse.ingest.publisher import Publisher, producer_configuration
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC

pytestmark = pytest.mark.integration

# A record that was received long ago would be deleted by the topic's retention under the test.
RECEIVED_AT = datetime.now(UTC).replace(microsecond=250_000)
TRADE = Trade(
    schema_version=1,
    entity_id="18d97d133336926a2b3ebb25f3dc27c2",
    event_id="79e74f6b1c80f79eaf13cd4e564811bc",
    action="new",
    provider="alpaca",
    endpoint="alpaca.trades",
    feed="iex",
    synthetic=True,
    symbol="AAPL",
    provider_symbol="AAPL",
    session_part="regular",
    trading_date=date(2026, 11, 20),
    event_at="2026-11-20T14:30:00.000000000Z",
    event_time_ns=1_795_185_000_000_000_000,
    event_time_precision="ns",
    event_time_basis="trade",
    requested_at=RECEIVED_AT,
    received_at=RECEIVED_AT,
    price=Decimal("156.055"),
    size=Decimal(100),
)
LETTER = DeadLetter(
    schema_version=1,
    dead_letter_id="0" * 32,
    reason="number",
    detail="p is null",
    provider="alpaca",
    endpoint="alpaca.trades",
    feed="iex",
    request="/v2/stocks/trades",
    body="{}",
    requested_at=RECEIVED_AT,
    received_at=RECEIVED_AT,
)


def publisher(broker: RealBroker, max_message_bytes: int = 1_048_576) -> Publisher:
    return Publisher("p-0123456789ab", 4, producer_configuration(broker.bootstrap, max_message_bytes))


def test_numbers_rise_by_one_per_partition_and_symbols_keep_theirs(broker: RealBroker) -> None:
    mark, sender = broker.mark(EVENT_TOPIC), publisher(broker)
    symbols = ("AAPL", "MSFT", "AAPL", "BRK.B", "TSLA", "AAPL")
    for symbol in symbols:
        sender.publish(msgspec.structs.replace(TRADE, symbol=symbol))
    sender.flush()
    assert sender.flush_within(0)
    found = broker.events_since(mark)
    assert len(found) == len(symbols)
    per_partition: dict[int, list[int]] = {}
    for partition, event in found:
        assert partition == partition_of(event.symbol, 4)
        assert event.producer_id == "p-0123456789ab"
        per_partition.setdefault(partition, []).append(event.producer_seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in per_partition.values())
    expected = {f"{EVENT_TOPIC}/{partition}": len(seqs) for partition, seqs in per_partition.items()}
    assert sender.highest() == expected


def test_record_has_key_headers_and_the_time_of_receipt(broker: RealBroker) -> None:
    (place, offset), *_ = [
        item for item in broker.mark(EVENT_TOPIC).ends.items() if item[0][1] == partition_of("AAPL", 4)
    ]
    sender = publisher(broker)
    sender.publish(TRADE)
    sender.flush()
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "test"})
    consumer.assign([TopicPartition(*place, offset)])
    message = consumer.poll(20)
    consumer.close()
    assert message.key() == b"AAPL"
    assert dict(message.headers()) == {
        "schema-version": b"1",
        "event-type": b"trade",
        "provider": b"alpaca",
        "event-id": TRADE.event_id.encode(),
    }
    assert message.timestamp()[1] == int(RECEIVED_AT.timestamp() * 1000)
    assert broker.events_since(broker.mark(EVENT_TOPIC)) == []


def test_published_event_is_the_one_given_with_its_number(broker: RealBroker) -> None:
    mark, sender = broker.mark(EVENT_TOPIC), publisher(broker)
    sender.publish(TRADE)
    sender.flush()
    ((_, event),) = broker.events_since(mark)
    assert event == stamped(TRADE, "p-0123456789ab", 1)


def test_dead_letters_have_numbers_of_their_own(broker: RealBroker) -> None:
    mark, sender = broker.mark(DEAD_LETTER_TOPIC), publisher(broker)
    sender.publish(TRADE)
    sender.publish_dead_letter(LETTER)
    sender.publish_dead_letter(LETTER)
    sender.flush()
    letters = [decode_dead_letter(value) for _, value in broker.values_since(mark)]
    assert [letter.producer_seq for letter in letters] == [1, 2]
    assert sender.highest()[f"{DEAD_LETTER_TOPIC}/0"] == 2


def test_record_that_is_too_long_takes_no_number(broker: RealBroker) -> None:
    mark, sender = broker.mark(EVENT_TOPIC), publisher(broker, 10_000)
    with pytest.raises(RecordError, match="too_long"):
        sender.publish(msgspec.structs.replace(TRADE, extra={"/note": "x" * 20_000}))
    sender.publish(TRADE)
    sender.flush()
    assert [event.producer_seq for _, event in broker.events_since(mark)] == [1]


def test_drain_gives_up_in_time_when_the_broker_is_away() -> None:
    sender = Publisher("p-0123456789ab", 4, producer_configuration("127.0.0.1:1", 1_048_576))
    sender.publish(TRADE)
    assert not sender.flush_within(0.3)
    sender.close()
