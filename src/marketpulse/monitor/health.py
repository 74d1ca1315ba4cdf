"""One state for the whole pipeline: ok, warning, critical, or closed (nothing is wrong, the market is shut).

Every check reads what is stored or asks the component itself; none trusts a counter that a crash resets.
`check` only looks. `check_and_alert` also writes the row in `ops.health` and raises or resolves one alert a check.
"""

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import psycopg

from marketpulse.clock import Clock, HostClock, SimulatedMarketClock, market_clock
from marketpulse.errors import MarketPulseError, RetriableError
from marketpulse.events.session import calendar
from marketpulse.monitor import checks, freshness, lag
from marketpulse.monitor.alerts import Alert, firing, raise_alert, resolve_alerts
from marketpulse.monitor.checks import Check, ProducerSeen, StreamSeen
from marketpulse.providers.sweep import sweep_wait
from marketpulse.resources import read_sql
from marketpulse.settings import PRODUCER_LEASE, STREAM, Settings, state_dir
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.sweeps import UnsweptSession, unswept_sessions

ALERT_PREFIX = "health."
# An older session that was never swept is the proof's to tell: providers keep what they can correct for days.
_SWEPT_WITHIN = timedelta(days=7)
_POSTGRES_ACTION = "Start Postgres, give its disk room, or correct its address."
HealthState = Literal["ok", "warning", "critical", "closed"]


@dataclass(frozen=True, slots=True)
class Health:
    """What was found at one moment. `lags` and `symbols` are empty where the component did not answer."""

    checked_at: datetime
    market_at: datetime
    state: HealthState
    checks: tuple[Check, ...]
    lags: tuple[lag.PartitionLag, ...] = ()
    symbols: tuple[freshness.SymbolFreshness, ...] = ()
    late_days: tuple[date, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state in ("ok", "closed")

    def as_json(self) -> str:
        """The whole finding as one JSON object."""
        return json.dumps(self._builtins())

    def _builtins(self) -> dict[str, Any]:
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def check(settings: Settings, *, host: Clock | None = None, market: Clock | None = None) -> Health:
    """Looks at everything once; takes some seconds when a component is away. Never raises for an outage."""
    now = (host or HostClock()).now()
    found: list[Check] = [_disk(settings)]
    market_at, speed = now, 1.0
    try:
        chosen = market or market_clock(settings.market_clock)
        market_at = chosen.now()
        speed = chosen.speed if isinstance(chosen, SimulatedMarketClock) else 1.0
        found.append(Check("market_clock", "ok", f"the market clock says {market_at:%Y-%m-%d %H:%M:%S}Z"))
    except MarketPulseError as error:
        found.append(Check("market_clock", "critical", str(error), "Start the simulator, or set the host's clock."))
    dsn = settings.operations_dsn.get_secret_value()
    lags: tuple[lag.PartitionLag, ...] = ()
    symbols: tuple[freshness.SymbolFreshness, ...] = ()
    late: tuple[date, ...] = ()
    producing = False
    try:
        with outages(dsn), connect(dsn, application_name="health", autocommit=True) as connection:
            found.append(Check("postgres", "ok", "Postgres answers"))
            seen = _producer(connection)
            producing = seen is not None and seen.is_producing
            schedule = settings.producer_schedule
            found.append(
                checks.judge_producer(seen, schedule=schedule, open_for_s=_open_for_s(settings.calendar, market_at))
            )
            found.append(checks.judge_stream(_stream(connection)))
            outcome, good_age_s = _provider(connection, seen)
            found.append(checks.judge_provider(outcome, good_age_s, producing=producing))
            found.append(checks.judge_dead_letters(*_dead_letters(connection)))
            symbols = freshness.measure(connection, market_at=market_at)
            producing_for_s = None if seen is None else seen.producing_for_s
            found.append(checks.judge_coverage(symbols, producing_for_s=producing_for_s, speed=speed))
            found.append(checks.judge_sweeps(_unswept(connection, settings, market_at, speed)))
            late = _late_days(connection, settings, market_at)
            try:
                lags = lag.measure(settings, connection, now=now)
                found.append(checks.judge_lag(lags))
                found.append(Check("kafka", "ok", "Kafka answers"))
            except MarketPulseError as error:
                found.append(
                    Check("kafka", "critical", str(error), "Start Kafka, or correct connection kafka_default.")
                )
    except MarketPulseError as error:
        found.append(Check("postgres", "critical", str(error), _POSTGRES_ACTION))
    state = _state(found, closed=not producing and not _is_open(settings.calendar, market_at))
    return Health(now, market_at, state, tuple(found), lags, symbols, late)


def check_and_alert(settings: Settings, *, host: Clock | None = None, market: Clock | None = None) -> Health:
    """Checks, writes the row, raises alerts for what is wrong and resolves those of what no longer is."""
    health = check(settings, host=host, market=market)
    for finding in health.checks:
        _tell(settings, finding)
    if any(finding.name == "postgres" and finding.state != "ok" for finding in health.checks):
        return health
    good = {ALERT_PREFIX + finding.name for finding in health.checks if finding.state == "ok"}
    try:
        resolve_alerts(settings, sorted(good & firing(settings, ALERT_PREFIX)))
        _write(settings, health)
    except RetriableError as error:
        # It answers questions and takes nothing: its disk is full, or it went away just now.
        refusal = Check("postgres", "critical", str(error), _POSTGRES_ACTION)
        _tell(settings, refusal)
        others = tuple(finding for finding in health.checks if finding.name != refusal.name)
        return replace(health, state="critical", checks=(*others, refusal))
    return health


def _tell(settings: Settings, found: Check) -> None:
    if found.state != "ok":
        source = {"check": found.name}
        raise_alert(settings, Alert(ALERT_PREFIX + found.name, found.state, found.summary, found.action, source))


def _state(found: list[Check], *, closed: bool) -> HealthState:
    worst = max(found, key=lambda finding: checks.RANK[finding.state]).state
    return "closed" if worst == "ok" and closed else worst


def _disk(settings: Settings) -> Check:
    """The fullest of the disks that the pipeline writes to on this machine."""
    free = dict(map(_free_share, (state_dir(), Path(settings.postgres_data_dir or state_dir()))))
    place = min(free, key=free.__getitem__)
    return checks.judge_disk(free[place], str(place))


def _free_share(place: Path) -> tuple[Path, float]:
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    return place, usage.free / usage.total


def _producer(connection: psycopg.Connection) -> ProducerSeen | None:
    row = connection.execute(read_sql("monitor/producer"), {"lease": PRODUCER_LEASE}).fetchone()
    if row is None:
        return None
    producer_id, calendar, trading_date, started_age_s, ended_age_s, holder, lease_is_live, renewed_age_s = row
    return ProducerSeen(
        producer_id, calendar, trading_date, started_age_s, ended_age_s, holder, bool(lease_is_live), renewed_age_s
    )


def _stream(connection: psycopg.Connection) -> StreamSeen | None:
    row = connection.execute(read_sql("monitor/stream_run"), {"stream": STREAM}).fetchone()
    return None if row is None else StreamSeen(row[0], f"{row[1]}, process {row[2]}", row[3])


def _provider(connection: psycopg.Connection, seen: ProducerSeen | None) -> tuple[str | None, float | None]:
    if seen is None:
        return None, None
    row = connection.execute(read_sql("monitor/provider"), {"producer_id": seen.producer_id}).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def _dead_letters(connection: psycopg.Connection) -> tuple[int, int]:
    records, dead_lettered = connection.execute(read_sql("monitor/dead_letter_rate")).fetchall()[0]
    return int(records), int(dead_lettered)


def _late_days(connection: psycopg.Connection, settings: Settings, market_at: datetime) -> tuple[date, ...]:
    changed = connection.execute(read_sql("monitor/late_days"), {"market_at": market_at}).fetchall()
    late = {
        trading_date
        for trading_date, provider, feed, post_close_at in changed
        if post_close_at + sweep_wait(settings, provider_name=provider, feed=feed) <= market_at
    }
    return tuple(sorted(late))


def _unswept(
    connection: psycopg.Connection, settings: Settings, market_at: datetime, speed: float
) -> tuple[UnsweptSession, ...]:
    """The sessions of the last days whose sweep should be over."""
    today = market_at.date()
    grace = timedelta(seconds=checks.SWEEP_GRACE_S * max(speed, 1.0))
    return tuple(
        session
        for session in unswept_sessions(connection, today - _SWEPT_WITHIN, today)
        if session.post_close_at + sweep_wait(settings, provider_name=session.provider, feed=session.feed) + grace
        <= market_at
    )


def _open_for_s(name: str, market_at: datetime) -> float | None:
    session = calendar(name).current_or_next(market_at)
    return (market_at - session.pre_open_at).total_seconds() if session.pre_open_at <= market_at else None


def _is_open(name: str, market_at: datetime) -> bool:
    return _open_for_s(name, market_at) is not None


def _write(settings: Settings, health: Health) -> None:
    dsn = settings.operations_dsn.get_secret_value()
    values = {"market_at": health.market_at, "state": health.state, "detail": health.as_json()}
    with outages(dsn), connect(dsn, application_name="health") as connection:
        connection.execute(read_sql("monitor/health_insert"), values)
