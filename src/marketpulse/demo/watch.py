"""How far one trading day has come, asked of Postgres and Kafka: what the demo's progress shows and waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg

from marketpulse.errors import RetriableError
from marketpulse.events.identity import feeds_alike
from marketpulse.monitor import lag
from marketpulse.resources import read_sql
from marketpulse.settings import PRODUCER_LEASE, Settings
from marketpulse.store.postgres import connect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """Distinct trades and minute bars of the day."""

    trades: int
    bars: int


class DayWatch:
    """Watches one trading date of one feed from its making on. Asks over one connection, made anew when it is lost.

    Every question raises RetriableError while Postgres or Kafka is away.
    """

    def __init__(self, settings: Settings, trading_date: date, feed: str) -> None:
        self._settings = settings
        self._day = {
            "trading_date": trading_date,
            "feed": feed,
            "feeds": [feed, *feeds_alike(feed)],
            "since": datetime.now(UTC),
        }
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def producer_started(self) -> bool:
        """Whether a producer began this day since the watch began."""
        return bool(self._rows("demo/producer_started"))

    def has_real_events(self) -> bool:
        """Whether this day was fetched from the real market, under this feed or another that tells the same facts."""
        return bool(self._rows("demo/real_events")[0][0])

    def counts(self) -> Counts:
        trades, bars = self._rows("demo/landed")[0]
        return Counts(int(trades), int(bars))

    def has_read_since(self, market_at: datetime) -> bool:
        """Whether a poll of the day's trades succeeded at this market time or later."""
        query = {**self._day, "market_at": market_at}
        return bool(self._ask(lambda connection: connection.execute(read_sql("demo/read_since"), query).fetchall()))

    def producing(self) -> str | None:
        """Who holds the producer's lease. A run that Airflow has ended goes on until its process has drained."""
        query = {"lease": PRODUCER_LEASE}
        rows = self._ask(lambda connection: connection.execute(read_sql("monitor/producer_lease"), query).fetchall())
        return str(rows[0][0]) if rows else None

    def records_behind(self) -> int:
        """Records on both topics that have not landed yet."""
        partitions = self._ask(lambda connection: lag.measure(self._settings, connection, now=datetime.now(UTC)))
        return sum(partition.lag_records for partition in partitions)

    def _rows(self, name: str) -> list[tuple[Any, ...]]:
        return self._ask(lambda connection: connection.execute(read_sql(name), self._day).fetchall())

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        try:
            if self._connection is None:
                dsn = self._settings.operations_dsn.get_secret_value()
                self._connection = connect(dsn, application_name="demo", autocommit=True)
            return question(self._connection)
        except psycopg.OperationalError:
            self._drop()
            raise RetriableError("Postgres does not answer") from None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
