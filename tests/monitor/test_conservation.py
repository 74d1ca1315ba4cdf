import logging
from datetime import date

import psycopg
import pytest
from pydantic import SecretStr
from tests.database import Database
from tests.monitor.conftest import Broker

from marketpulse.broker.topic import End
from marketpulse.errors import MarketPulseError
from marketpulse.monitor.conservation import assert_balanced
from marketpulse.settings import EVENT_TOPIC, Settings

DAY = date(2026, 11, 20)


def test_without_a_recomputed_day_there_is_nothing_to_prove() -> None:
    assert_balanced(Settings(operations_dsn=SecretStr("")), [])


def test_what_does_not_balance_is_named(
    database: Database, broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(operations_dsn=SecretStr(database.operations_dsn), kafka_bootstrap=broker.bootstrap)
    # Nothing will land here, so there is no sense in waiting for it.
    monkeypatch.setattr("marketpulse.warehouse.proof._SETTLE_POLL_S", 30.0)
    # The broker inside librdkafka does not describe topics.
    monkeypatch.setattr("marketpulse.warehouse.proof.topic_ends", lambda _: {(EVENT_TOPIC, 3): End("x", 1)})
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch) VALUES (%s, 3, 'x', 0, 1)",
            (EVENT_TOPIC,),
        )
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(MarketPulseError, match=r"2026-11-20 to 2026-11-20 does not balance: .*kafka"),
    ):
        assert_balanced(settings, [DAY])
    assert "poll_records" in caplog.text
