"""The same rows with their schema in every record, as Kafka Connect's JSON converter wants them; filled on demand."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from backlog.trades import Backlog
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.events.partition import partition_of
from marketpulse.ingest.publisher import logger, producer_configuration

SCHEMA_TOPIC = "bench_with_schema"
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_TIME: dict[str, object] = {"type": "string", "name": "io.debezium.time.ZonedTimestamp"}
_DECIMAL: dict[str, object] = {
    "type": "bytes",
    "name": "org.apache.kafka.connect.data.Decimal",
    "parameters": {"scale": "6"},
}
_TYPES: dict[str, dict[str, object]] = {
    "schema_version": {"type": "int32"},
    "synthetic": {"type": "boolean"},
    "trading_date": {"type": "int32", "name": "org.apache.kafka.connect.data.Date"},
    "event_time_ns": {"type": "int64"},
    "producer_seq": {"type": "int64"},
    **dict.fromkeys(("event_at", "requested_at", "received_at"), _TIME),
    **dict.fromkeys(("price", "size"), _DECIMAL),
}
# In the order of bench.trade.
_FIELDS = [
    "schema_version",
    "event_type",
    "entity_id",
    "event_id",
    "action",
    "provider",
    "endpoint",
    "feed",
    "synthetic",
    "symbol",
    "provider_symbol",
    "session_part",
    "trading_date",
    "event_at",
    "event_time_ns",
    "event_time_precision",
    "event_time_basis",
    "requested_at",
    "received_at",
    "producer_id",
    "producer_seq",
    "currency",
    "price",
    "size",
    "trade_id",
    "exchange",
    "tape",
    "conditions",
    "volume_scope",
]
_SYMBOL = _FIELDS.index("symbol")


def fill_schema_topic(bootstrap: str, backlog: Backlog, rows_file: Path) -> None:
    """Publish the rows of the file once; a second call finds them there."""
    if SCHEMA_TOPIC in TopicReader(bootstrap).partition_counts():
        return
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(SCHEMA_TOPIC, backlog.partitions, 1)]).values():
        future.result(30)
    configuration = producer_configuration(bootstrap, 1_048_576)
    producer = Producer({**configuration, "queue.buffering.max.kbytes": 400_000, "linger.ms": 50}, logger=logger)
    for symbol, value in _messages(rows_file):
        while True:
            try:
                producer.produce(SCHEMA_TOPIC, value, partition=partition_of(symbol, backlog.partitions))
                break
            except BufferError:
                producer.poll(0.2)
    assert not producer.flush(120)


def _messages(rows_file: Path) -> Iterator[tuple[str, bytes]]:
    schema = {
        "type": "struct",
        "optional": False,
        "fields": [{"field": name, "optional": False, **_TYPES.get(name, {"type": "string"})} for name in _FIELDS],
    }
    names = [f'"{name}":' for name in _FIELDS]
    writers = [_WRITERS.get(name, _quoted) for name in _FIELDS]
    begin = '{"schema":' + json.dumps(schema, separators=(",", ":")) + ',"payload":{'
    with rows_file.open(encoding="utf-8") as lines:
        for line in lines:
            fields = line[:-1].split("\t")
            members = ",".join([name + write(text) for name, write, text in zip(names, writers, fields, strict=True)])
            yield fields[_SYMBOL], f"{begin}{members}}}}}".encode()


def _quoted(text: str) -> str:
    return json.dumps(text) if '"' in text else f'"{text}"'


def _plain(text: str) -> str:
    return text


def _boolean(text: str) -> str:
    return "true" if text == "t" else "false"


@cache
def _day(text: str) -> str:
    return str(date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL)


@cache
def _decimal(text: str) -> str:
    unscaled = int(Decimal(text) * 1_000_000)
    return f'"{b64encode(unscaled.to_bytes(9, "big", signed=True)).decode()}"'


_WRITERS: dict[str, Callable[[str], str]] = {
    "schema_version": _plain,
    "event_time_ns": _plain,
    "producer_seq": _plain,
    "synthetic": _boolean,
    "trading_date": _day,
    "price": _decimal,
    "size": _decimal,
}
