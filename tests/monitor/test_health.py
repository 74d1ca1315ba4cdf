import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from pydantic import SecretStr
from tests.database import Database, free_port
from tests.mailbox import Mailbox
from tests.monitor.conftest import Broker

from marketpulse.monitor.health import Health, check, check_and_alert
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, Settings

SATURDAY = datetime(2026, 11, 21, 16, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 16, tzinfo=UTC)


class Usage(NamedTuple):
    """What is known of a disk."""

    total: int
    used: int
    free: int


class FixedClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def settings(database: Database, broker: Broker, mailbox: Mailbox) -> Settings:
    """A pipeline whose stream has landed everything and whose producer is started by hand."""
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_run (stream, epoch, run_id, host, pid, started_at, seen_at)"
            " VALUES ('stock_stream', 1, gen_random_uuid(), 'box', 7, now(), now())"
        )
        connection.execute(
            "INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)"
            " VALUES (%s, 3, 'x', 1, 1), (%s, 3, 'x', 1, 1)",
            (EVENT_TOPIC, DEAD_LETTER_TOPIC),
        )
    return Settings(
        operations_dsn=SecretStr(database.operations_dsn),
        kafka_bootstrap=broker.bootstrap,
        producer_schedule="manual",
        alert_urls=(SecretStr(mailbox.url),),
    )


def states(health: Health) -> dict[str, str]:
    return {found.name: found.state for found in health.checks if found.state != "ok"}


def test_a_closed_market_is_no_outage(settings: Settings) -> None:
    health = check(settings, market=FixedClock(SATURDAY))
    assert (health.state, states(health)) == ("closed", {})
    assert health.is_healthy
    assert check(settings, market=FixedClock(FRIDAY)).state == "ok"


def test_an_open_market_without_the_scheduled_producer_is_one(settings: Settings) -> None:
    scheduled = settings.model_copy(update={"producer_schedule": "session"})
    assert states(check(scheduled, market=FixedClock(FRIDAY))) == {"producer": "critical"}
    assert check(scheduled, market=FixedClock(SATURDAY)).state == "closed"


def test_everything_found_is_in_the_json(settings: Settings) -> None:
    found = json.loads(check(settings, market=FixedClock(FRIDAY)).as_json())
    assert found["state"] == "ok"
    assert {lag["topic"] for lag in found["lags"]} == {EVENT_TOPIC, DEAD_LETTER_TOPIC}


def test_each_transition_is_told_once_and_the_row_is_kept(
    settings: Settings, database: Database, mailbox: Mailbox
) -> None:
    def age_the_stream(seconds: int) -> None:
        with psycopg.connect(database.owner_dsn) as connection:
            connection.execute("UPDATE ops.stream_run SET seen_at = now() - make_interval(secs => %s)", (seconds,))

    for seconds in (0, 150, 150, 0, 0):
        age_the_stream(seconds)
        check_and_alert(settings, market=FixedClock(FRIDAY))
    assert [subject.partition("]")[0] for subject in mailbox.subjects()] == ["[critical", "[resolved"]
    with psycopg.connect(database.operations_dsn) as connection:
        kept = connection.execute("SELECT state FROM ops.health ORDER BY checked_at").fetchall()
    assert [row[0] for row in kept] == ["ok", "critical", "critical", "ok", "ok"]


def test_an_absent_kafka_or_postgres_is_a_finding_and_not_a_crash(settings: Settings, mailbox: Mailbox) -> None:
    no_kafka = settings.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{free_port()}"})
    assert states(check(no_kafka, market=FixedClock(FRIDAY))) == {"kafka": "critical"}
    away = SecretStr(f"postgresql://nobody:x@127.0.0.1:{free_port()}/marketpulse")
    no_postgres = settings.model_copy(update={"operations_dsn": away})
    health = check_and_alert(no_postgres, market=FixedClock(FRIDAY))
    assert states(health) == {"postgres": "critical"}
    assert "Postgres at 127.0.0.1" in mailbox.subjects()[0]


def test_a_postgres_that_takes_nothing_is_a_finding_too(
    settings: Settings, database: Database, mailbox: Mailbox
) -> None:
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION ops.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        try:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON ops.alert EXECUTE FUNCTION ops.refuse()")
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON ops.health EXECUTE FUNCTION ops.refuse()")
            health = check_and_alert(settings, market=FixedClock(FRIDAY))
        finally:
            connection.execute("DROP FUNCTION ops.refuse() CASCADE")
    assert (health.state, states(health)) == ("critical", {"postgres": "critical"})
    [told] = mailbox.subjects()
    assert "has no room left" in told


def test_the_disk_of_the_market_postgres_is_watched_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, data = tmp_path / "state", tmp_path / "data"
    for folder in (state, data):
        folder.mkdir()
    free = {state: 50, data: 50}
    monkeypatch.setenv("MARKETPULSE_STATE_DIR", str(state))
    monkeypatch.setattr("shutil.disk_usage", lambda place: Usage(100, 100 - free[place], free[place]))
    beside = settings.model_copy(update={"postgres_data_dir": str(data)})
    assert states(check(beside, market=FixedClock(FRIDAY))) == {}
    free[data] = 1
    assert states(check(beside, market=FixedClock(FRIDAY))) == {"disk": "critical"}
    assert states(check(settings, market=FixedClock(FRIDAY))) == {}


def test_a_market_clock_that_does_not_answer_is_a_finding(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"market_clock": f"http://127.0.0.1:{free_port()}"})
    assert states(check(nowhere)) == {"market_clock": "critical"}


def test_a_day_that_changed_after_its_session_is_named(settings: Settings, database: Database) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO market.session VALUES ('XNYS', '2026-11-20', '2026-11-20 09:00Z', '2026-11-20 14:30Z',"
            " '2026-11-20 21:00Z', '2026-11-21 01:00Z')"
        )
        connection.execute(
            "INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider)"
            " VALUES ('2026-11-20', 'BAC', 'sip', 'XNYS', 'alpaca')"
        )
        connection.execute(
            "INSERT INTO ops.dirty_day (symbol, trading_date, dirtied_at) VALUES ('BAC', '2026-11-20', %s)",
            (datetime.now(UTC) - timedelta(minutes=3),),
        )
    assert check(settings, market=FixedClock(FRIDAY)).late_days == ()
    assert check(settings, market=FixedClock(SATURDAY)).late_days == (date(2026, 11, 20),)


def watched(settings: Settings, *, feed: str) -> None:
    """Friday's session of one symbol, which nobody swept, and a change of it three minutes ago."""
    with psycopg.connect(settings.operations_dsn.get_secret_value()) as connection:
        connection.execute(
            "INSERT INTO market.session VALUES ('XNYS', '2026-11-20', '2026-11-20 09:00Z', '2026-11-20 14:30Z',"
            " '2026-11-20 21:00Z', '2026-11-21 01:00Z')"
        )
        connection.execute(
            "INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider)"
            " VALUES ('2026-11-20', 'BAC', %s, 'XNYS', 'alpaca')",
            (feed,),
        )
        connection.execute(
            "INSERT INTO ops.dirty_day (symbol, trading_date, dirtied_at) VALUES ('BAC', '2026-11-20', %s)",
            (datetime.now(UTC) - timedelta(minutes=3),),
        )


@pytest.mark.parametrize(("feed", "wait_min"), [("iex", 20), ("delayed_sip", 35)])
def test_a_session_is_late_and_missed_only_after_its_sweep(settings: Settings, feed: str, wait_min: int) -> None:
    watched(settings, feed=feed)
    swept_at = datetime(2026, 11, 21, 1, tzinfo=UTC) + timedelta(minutes=wait_min)
    second = timedelta(seconds=1)
    assert check(settings, market=FixedClock(swept_at - second)).late_days == ()
    due = check(settings, market=FixedClock(swept_at))
    assert (due.late_days, states(due)) == ((date(2026, 11, 20),), {})
    grace = timedelta(minutes=30)
    assert states(check(settings, market=FixedClock(swept_at + grace - second))) == {}
    missed = check(settings, market=FixedClock(swept_at + grace))
    assert states(missed) == {"sweeps": "warning"}
    [found] = [one for one in missed.checks if one.name == "sweeps"]
    assert found.summary.startswith(f"{feed} of 2026-11-20 was not read again after the session (1 of 1 symbols)")
    assert found.action.startswith("Trigger DAG market_producer with session_date 2026-11-20, provider alpaca")
    assert f"marketpulse produce --session 2026-11-20 --provider alpaca --feed {feed} --calendar XNYS" in found.action


def test_an_unswept_session_raises_one_alert_until_it_is_swept(settings: Settings, mailbox: Mailbox) -> None:
    watched(settings, feed="iex")
    sunday = FixedClock(SATURDAY + timedelta(days=1))
    for _ in range(2):
        check_and_alert(settings, market=sunday)
    assert len(mailbox.mails) == 1
    with psycopg.connect(settings.operations_dsn.get_secret_value()) as connection:
        connection.execute(
            "INSERT INTO ops.producer_run (producer_id, provider, feed, calendar, trading_date, symbols, started_at,"
            " ended_at) VALUES ('p-2', 'alpaca', 'iex', 'XNYS', '2026-11-20', '{BAC}', now(), now())"
        )
        connection.execute(
            "INSERT INTO ops.poll (producer_id, provider, feed, endpoint, purpose, trading_date, symbols, request,"
            " covered_from, covered_until, requested_at, received_at, market_at, outcome, pages, records, events,"
            " repeated, rejected) VALUES ('p-2', 'alpaca', 'iex', 'trades', 'sweep', '2026-11-20', '{BAC}', '',"
            " '2026-11-20 09:00Z', '2026-11-21 01:00Z', now(), now(), '2026-11-22 16:00Z', 'ok', 1, 0, 0, 0, 0)"
        )
    assert states(check_and_alert(settings, market=sunday)) == {}
