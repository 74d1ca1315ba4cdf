"""The real driver with a query without Spark: a plain consumer hands the assigned partitions to the real sink."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from confluent_kafka import Consumer, TopicPartition
from pydantic import SecretStr

from marketpulse.errors import MarketPulseError
from marketpulse.settings import Settings
from marketpulse.stream.driver import Driver, Patience
from marketpulse.stream.ledger import Position
from marketpulse.stream.record import Record, Records
from marketpulse.stream.sink import Sink, SinkPlan

QUICK = Patience(epoch_check_s=0.2, topic_check_s=0.2, first_wait_s=0.05, longest_wait_s=0.2)


class EnoughError(Exception):
    """What the test waits for has come: the run ends as if it had been killed."""


class ConsumerQuery:
    """Lands what its partitions hold from the given positions on, each partition by itself, as Spark's tasks do."""

    app_id = "app-consumer"

    def __init__(self, bootstrap: str, wanted: list[Position], plan: SinkPlan, is_enough: Callable[[], bool]) -> None:
        self._is_enough = is_enough
        self._sink = Sink(plan)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "test",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(at.topic, at.partition, at.next_offset) for at in wanted])

    def failure(self, wait_s: float) -> str | None:
        try:
            self._land(min(wait_s, 0.1))
        except MarketPulseError as error:
            return f"marketpulse.errors.{type(error).__name__}: {error}\n"
        if self._is_enough():
            raise EnoughError
        return None

    def stop(self) -> None:
        self._consumer.close()
        self._sink.close()

    def _land(self, wait_s: float) -> None:
        groups: dict[tuple[str, int], list[Record]] = {}
        for message in self._consumer.consume(1000, timeout=wait_s):
            assert message.error() is None, message.error()
            published_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
            place = (message.topic(), message.partition())
            groups.setdefault(place, []).append(Record(*place, message.offset(), published_at, message.value()))
        for records in groups.values():
            self._sink.land(Records.of(records))


@dataclass(slots=True)
class SparklessStream:
    """Runs of the driver, one after the other; `starts` holds from where each query read."""

    bootstrap: str
    writer_dsn: str
    market_clock: str = "host"
    starts: list[list[Position]] = field(default_factory=list)

    def run_until(self, is_enough: Callable[[], bool]) -> None:
        """One run. Raises what ends it, unless that is enough."""

        def start(wanted: list[Position], plan: SinkPlan) -> ConsumerQuery:
            self.starts.append(wanted)
            return ConsumerQuery(self.bootstrap, wanted, plan, is_enough)

        settings = Settings(
            writer_dsn=SecretStr(self.writer_dsn), kafka_bootstrap=self.bootstrap, market_clock=self.market_clock
        )
        try:
            Driver(settings, start, patience=QUICK).run()
        except EnoughError:
            return
