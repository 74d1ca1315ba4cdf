"""Replaying files through contract and Kafka: complete, repeatable, identical lines apart."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.database import Database
from tests.ingest.real_broker import RealBroker

from marketpulse.errors import OperatorError
from marketpulse.events.codec import decode_dead_letter
from marketpulse.events.event import Trade
from marketpulse.ingest.replay import Replayed, replay_file
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

LINES = """time,price,size,exchange,conditions
2013-10-07 04:00:00.614,13.94,500,P,20002020
2013-10-07 09:30:00.000,13.90,100,N,1
2013-10-07 09:30:00.000,13.90,100,N,1
2013-10-07 09:30:01.000,-1,100,N,1
2013-10-07 16:00:00.001,13.95,0.5,,
2013-10-07 16:00:00.002,13.9
"""
WHOLE_DAY = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"


def replayed(file: Path, broker: RealBroker, database: Database) -> Replayed:
    settings = Settings(kafka_bootstrap=broker.bootstrap, operations_dsn=SecretStr(database.operations_dsn))
    return replay_file(file, symbol="bac", kind="trades", timezone="America/New_York", settings=settings)


@pytest.mark.integration
def test_lines_become_trades_and_the_same_file_again_the_same_ones(
    broker: RealBroker, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "trades.csv"
    file.write_text(LINES)
    mark, letters = broker.mark(EVENT_TOPIC), broker.mark(DEAD_LETTER_TOPIC)
    outcome = replayed(file, broker, database)
    assert outcome == Replayed("BAC", (date(2013, 10, 7),), 4, 2)
    assert str(outcome) == "4 trades of BAC on 2013-10-07 published, 2 lines rejected"
    first = [event for _, event in broker.events_since(mark)]
    assert all(isinstance(event, Trade) for event in first)
    assert len({event.entity_id for event in first}) == 4
    assert [event.session_part for event in first] == ["pre", "regular", "regular", "post"]
    assert first[0].event_at == "2013-10-07T08:00:00.614000000Z"
    assert {(event.provider, event.feed, event.quality) for event in first} == {
        ("replay", "replay", ("conditions_unmapped",))
    }
    rejected = [decode_dead_letter(value) for _, value in broker.values_since(letters)]
    assert [(letter.reason, letter.symbol) for letter in rejected] == [("number", "BAC"), ("schema", "BAC")]
    assert [letter.body.partition(":")[0] for letter in rejected] == ["line 4", "line 6"]

    mark = broker.mark(EVENT_TOPIC)
    replayed(file, broker, database)
    assert {event.event_id for _, event in broker.events_since(mark)} == {event.event_id for event in first}


@pytest.mark.integration
def test_the_same_day_without_some_lines_adds_no_trade(broker: RealBroker, database: Database, tmp_path: Path) -> None:
    """Identical lines are trades of their own, and a line's place in the file is no part of who it is."""
    whole, shorter = tmp_path / "whole.csv", tmp_path / "shorter.csv"
    whole.write_text(LINES)
    header, _, *others = LINES.splitlines(keepends=True)
    shorter.write_text(header + "".join(others))
    mark = broker.mark(EVENT_TOPIC)
    replayed(whole, broker, database)
    first = [event for _, event in broker.events_since(mark)]
    assert [event.sequence for event in first if isinstance(event, Trade)] == ["1", "2", "3", "5"]
    mark = broker.mark(EVENT_TOPIC)
    replayed(shorter, broker, database)
    again = [event for _, event in broker.events_since(mark)]
    assert len(again) == 3
    assert {(event.entity_id, event.event_id) for event in again} < {
        (event.entity_id, event.event_id) for event in first
    }


@pytest.mark.integration
def test_replay_is_recorded_like_a_producers_run(broker: RealBroker, database: Database, tmp_path: Path) -> None:
    import psycopg

    file = tmp_path / "trades.csv"
    file.write_text(LINES)
    replayed(file, broker, database)
    with psycopg.connect(database.owner_dsn) as connection:
        polls = connection.execute("SELECT purpose, outcome, records, events, rejected FROM ops.poll").fetchall()
        runs = connection.execute("SELECT provider, feed, symbols, outcome FROM ops.producer_run").fetchall()
        days = connection.execute("SELECT trading_date, symbol FROM market.subscription").fetchall()
    assert polls == [("replay", "ok", 6, 4, 2)]
    assert runs == [("replay", "replay", ["BAC"], "completed")]
    assert days == [(date(2013, 10, 7), "BAC")]


@pytest.mark.integration
def test_whole_recorded_day(broker: RealBroker, database: Database) -> None:
    mark = broker.mark(EVENT_TOPIC)
    assert replayed(WHOLE_DAY, broker, database).events == 88_172
    assert len({event.entity_id for _, event in broker.events_since(mark)}) == 88_172


@pytest.mark.parametrize(
    ("name", "content", "kind", "timezone", "words"),
    [
        ("absent.csv", None, "trades", "UTC", "absent.csv cannot be read"),
        ("quotes.csv", b"", "quotes", "UTC", "only trades"),
        ("zone.csv", b"", "trades", "Mars/Base", "unknown timezone"),
        ("columns.csv", b"when,price\n", "trades", "UTC", "no column size, time"),
        ("damaged.csv.gz", b"\x1f\x8bnot gzip", "trades", "UTC", "damaged"),
        ("latin.csv", b"time,price,size\n\xe9", "trades", "UTC", "UTF-8"),
    ],
)
@pytest.mark.integration
def test_unusable_file_is_one_line(
    broker: RealBroker,
    database: Database,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    kind: str,
    timezone: str,
    words: str,
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    settings = Settings(kafka_bootstrap=broker.bootstrap, operations_dsn=SecretStr(database.operations_dsn))
    with pytest.raises(OperatorError, match=words) as caught:
        replay_file(file, symbol="BAC", kind=kind, timezone=timezone, settings=settings)
    assert "\n" not in str(caught.value)
