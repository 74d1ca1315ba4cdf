"""Alerts: one row in `ops.alert` while a trouble lasts, and a message when it begins, worsens or ends.

A trouble is known by its key: raising it again only counts. With Postgres away nothing can be recorded, so the message
goes out anyway, and a mark in the state folder keeps the same trouble quiet for an hour.
"""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from marketpulse.errors import MarketPulseError
from marketpulse.monitor.delivery import Delivery, Message, deliver
from marketpulse.resources import read_sql
from marketpulse.settings import Settings, state_dir
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

Severity = Literal["info", "warning", "critical"]

_RANK = {"info": 0, "warning": 1, "critical": 2}
_QUIET_S = 3600.0


@dataclass(frozen=True, slots=True)
class Alert:
    """A trouble. `action` is what a person does about it; `source` names where it was seen."""

    dedup_key: str
    severity: Severity
    summary: str
    action: str
    source: Mapping[str, str] = field(default_factory=dict)


def raise_alert(settings: Settings, alert: Alert, *, state: Path | None = None) -> tuple[Delivery, ...]:
    """Records the alert; tells everybody when it is new or worse than before. Returns what was delivered.

    Never raises for an unreachable Postgres or a channel's refusal: both are logged.
    """
    mark = _mark(alert.dedup_key, state)
    alert_id: int | None = None
    worsened = True
    try:
        alert_id, worsened = _record(settings, alert)
    except MarketPulseError as error:
        logger.warning("alert %s cannot be recorded: %s", alert.dedup_key, error)
    told = _is_quiet(mark)
    _set_mark(mark, unrecorded=alert_id is None)
    if told or not worsened:
        return ()
    deliveries = deliver(_message(alert, alert.severity), settings.alert_urls)
    if alert_id is not None:
        _record_deliveries(settings, alert_id, deliveries)
    return deliveries


def resolve_alerts(settings: Settings, dedup_keys: Collection[str], *, state: Path | None = None) -> tuple[str, ...]:
    """Ends these troubles where they fire and tells everybody. Returns the keys that did fire.

    Raises RetriableError when Postgres does not answer.
    """
    if not dedup_keys:
        return ()
    for key in dedup_keys:
        _set_mark(_mark(key, state), unrecorded=False)
    dsn = settings.operations_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="alerts") as connection:
        rows = connection.execute(read_sql("monitor/alert_resolve"), {"dedup_keys": list(dedup_keys)}).fetchall()
    for alert_id, key, severity, summary, action, source in rows:
        ended = Alert(key, severity, summary, action, source)
        _record_deliveries(settings, alert_id, deliver(_message(ended, "resolved"), settings.alert_urls))
    return tuple(sorted(row[1] for row in rows))


def firing(settings: Settings, prefix: str) -> frozenset[str]:
    """The keys under a prefix that fire now."""
    dsn = settings.operations_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="alerts") as connection:
        return frozenset(row[0] for row in connection.execute(read_sql("monitor/alert_firing"), {"prefix": prefix}))


def _record(settings: Settings, alert: Alert) -> tuple[int, bool]:
    """The alert's number, and whether people should hear of it (again)."""
    values = {
        "dedup_key": alert.dedup_key,
        "severity": alert.severity,
        "summary": alert.summary,
        "action": alert.action,
        "source": json.dumps(dict(alert.source)),
    }
    dsn = settings.operations_dsn.get_secret_value()
    with outages(dsn), connect(dsn, application_name="alerts") as connection:
        alert_id, before = connection.execute(read_sql("monitor/alert_raise"), values).fetchall()[0]
    return int(alert_id), before is None or _RANK[alert.severity] > _RANK[before]


def _record_deliveries(settings: Settings, alert_id: int, deliveries: tuple[Delivery, ...]) -> None:
    """The message is out already: a failure to note that is only logged."""
    if not deliveries:
        return
    dsn = settings.operations_dsn.get_secret_value()
    try:
        with outages(dsn), connect(dsn, application_name="alerts") as connection:
            for delivery in deliveries:
                values = {
                    "alert_id": alert_id,
                    "channel": delivery.channel,
                    "delivered": delivery.delivered,
                    "error": delivery.error,
                }
                connection.execute(read_sql("monitor/alert_delivery_insert"), values)
    except MarketPulseError as error:
        logger.warning("the deliveries of alert %s are not recorded: %s", alert_id, error)


def _message(alert: Alert, kind: str) -> Message:
    lines = [alert.summary, "", f"What to do: {alert.action}" if kind != "resolved" else "It is over."]
    lines += [f"{name}: {value}" for name, value in sorted(alert.source.items())]
    return Message(title=f"[{kind}] {alert.summary}"[:200], body="\n".join(lines), kind=kind)


def _mark(dedup_key: str, state: Path | None) -> Path:
    name = hashlib.sha256(dedup_key.encode()).hexdigest()[:32]
    return (state or state_dir()) / "unrecorded-alerts" / name


def _is_quiet(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime < _QUIET_S
    except OSError:
        return False


def _set_mark(mark: Path, *, unrecorded: bool) -> None:
    try:
        if unrecorded:
            mark.parent.mkdir(parents=True, exist_ok=True)
            # An existing mark keeps its age: after the quiet hour people are reminded.
            if not _is_quiet(mark):
                mark.touch()
        else:
            mark.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("no mark for an unrecorded alert: %s", error)
