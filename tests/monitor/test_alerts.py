from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from tests.database import Database, free_port
from tests.mailbox import Mailbox
from tests.monitor.conftest import Webhook

from marketpulse.errors import RetriableError
from marketpulse.monitor.alerts import Alert, firing, raise_alert, resolve_alerts
from marketpulse.settings import Settings

LAG = Alert(
    "health.lag", "warning", "7 records wait, the oldest for 90 s", "Look at the stream's log.", {"check": "lag"}
)


def rows(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.operations_dsn) as connection:
        return connection.execute(
            "SELECT dedup_key, severity, state, occurrences, resolved_at IS NOT NULL FROM ops.alert ORDER BY alert_id"
        ).fetchall()


def test_a_new_trouble_is_recorded_and_told_to_everybody(
    alerting: Settings, database: Database, mailbox: Mailbox, webhook: Webhook, state: Path
) -> None:
    deliveries = raise_alert(alerting, LAG, state=state)
    assert [delivery.delivered for delivery in deliveries] == [True, True]
    assert rows(database) == [("health.lag", "warning", "firing", 1, False)]
    assert mailbox.subjects() == ["[warning] 7 records wait, the oldest for 90 s"]
    assert "What to do: Look at the stream's log." in mailbox.texts()[0]
    assert webhook.posts[0]["title"] == "[warning] 7 records wait, the oldest for 90 s"


def test_a_repetition_only_counts(alerting: Settings, database: Database, mailbox: Mailbox, state: Path) -> None:
    for _ in range(3):
        raise_alert(alerting, LAG, state=state)
    assert rows(database) == [("health.lag", "warning", "firing", 3, False)]
    assert len(mailbox.mails) == 1


def test_a_trouble_that_worsens_is_told_again(alerting: Settings, mailbox: Mailbox, state: Path) -> None:
    raise_alert(alerting, LAG, state=state)
    raise_alert(alerting, replace(LAG, severity="critical"), state=state)
    raise_alert(alerting, LAG, state=state)
    assert [subject.partition("]")[0] for subject in mailbox.subjects()] == ["[warning", "[critical"]


def test_the_end_of_a_trouble_is_told_once_and_it_can_begin_anew(
    alerting: Settings, database: Database, mailbox: Mailbox, state: Path
) -> None:
    raise_alert(alerting, LAG, state=state)
    assert firing(alerting, "health.") == {"health.lag"}
    assert resolve_alerts(alerting, ("health.lag", "health.disk"), state=state) == ("health.lag",)
    assert resolve_alerts(alerting, ("health.lag",), state=state) == ()
    raise_alert(alerting, LAG, state=state)
    assert [subject.partition("]")[0] for subject in mailbox.subjects()] == ["[warning", "[resolved", "[warning"]
    assert [row[2] for row in rows(database)] == ["resolved", "firing"]


def test_a_channel_that_refuses_is_noted_and_does_not_keep_the_others_from_hearing(
    alerting: Settings, database: Database, mailbox: Mailbox, webhook: Webhook, state: Path
) -> None:
    webhook.status = 500
    raise_alert(alerting, LAG, state=state)
    assert len(mailbox.mails) == 1
    with psycopg.connect(database.operations_dsn) as connection:
        noted = connection.execute(
            "SELECT channel, delivered, error FROM ops.alert_delivery ORDER BY channel"
        ).fetchall()
    assert [delivered for _, delivered, _ in noted] == [False, True]
    assert "500" in noted[0][2]
    assert not [channel for channel, _, _ in noted if "hook-secret" in channel]


def test_an_address_that_is_none_is_noted(alerting: Settings, state: Path) -> None:
    (delivery,) = raise_alert(
        alerting.model_copy(update={"alert_urls": (SecretStr("carrier-pigeon"),)}), LAG, state=state
    )
    assert (delivery.delivered, delivery.error) == (False, "not an address that Apprise understands")


def test_without_postgres_people_hear_of_it_once_and_not_again_when_it_is_recorded_later(
    alerting: Settings, database: Database, mailbox: Mailbox, state: Path
) -> None:
    away = alerting.model_copy(
        update={"operations_dsn": SecretStr(f"postgresql://nobody:x@127.0.0.1:{free_port()}/marketpulse")}
    )
    raise_alert(away, LAG, state=state)
    raise_alert(away, LAG, state=state)
    assert len(mailbox.mails) == 1
    raise_alert(alerting, LAG, state=state)
    assert len(mailbox.mails) == 1
    assert rows(database) == [("health.lag", "warning", "firing", 1, False)]
    with pytest.raises(RetriableError, match="does not answer"):
        resolve_alerts(away, ("health.lag",), state=state)
