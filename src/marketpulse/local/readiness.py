"""Whether a stack that is there does its work: every component answers and the stream reads every partition."""

import contextlib
import time
from datetime import UTC, datetime

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.blueprint import Blueprint
from marketpulse.local.pipeline_dags import STREAM_DAG
from marketpulse.local.progress import Reporter
from marketpulse.local.status import stack_status
from marketpulse.local.supervisor import Supervisor
from marketpulse.resources import read_sql
from marketpulse.settings import EVENT_TOPIC, Settings
from marketpulse.store.postgres import connect, outages

THE_STREAM = "the stream"
# A running driver shows itself every 5 s.
SEEN_WITHIN_S = 20.0
EVER = datetime(1970, 1, 1, tzinfo=UTC)
TIMEOUT_S = 300.0
# How long a component may end again and again before the wait for it is given up.
FAILING_S = 30.0
PAUSE_S = 1.0


def stream_is_ready(blueprint: Blueprint, settings: Settings, *, since: datetime = EVER) -> bool:
    """Whether a run of the stream that began since then lives. Raises RetriableError while Postgres is away."""
    question = {
        "partitions": settings.kafka_partitions,
        "topic": EVENT_TOPIC,
        "since": since,
        "seen_within_s": SEEN_WITHIN_S,
    }
    dsn = blueprint.dsn("operations")
    with outages(dsn), connect(dsn, application_name="up") as connection:
        row = connection.execute(read_sql("local/read_stream_readiness"), question).fetchone()
    return bool(row and row[0])


def wait_for_all(blueprint: Blueprint, reporter: Reporter, *, timeout_s: float = TIMEOUT_S) -> None:
    """Return when everything of a running stack is ready. Raises OperatorError that names what does not become it."""
    settings, supervisor = blueprint.loaded_settings(), Supervisor(blueprint.layout)
    deadline = time.monotonic() + timeout_s
    well_at = time.monotonic()
    while waiting := _not_ready(blueprint, settings):
        if THE_STREAM in waiting:
            # It may have been paused; whoever says `up` wants it to run.
            with contextlib.suppress(RetriableError):
                blueprint.airflow_api().unpause(STREAM_DAG)
        now = time.monotonic()
        if not any(supervisor.is_failing(name) for name in waiting):
            well_at = now
        if now > deadline or now - well_at > FAILING_S:
            raise OperatorError(
                f"{', '.join(waiting)} did not become healthy: see 'marketpulse logs NAME', "
                "or run 'make down' and 'make up'"
            )
        reporter.step("stack", "running", f"waiting for {', '.join(waiting)}")
        time.sleep(PAUSE_S)


def _not_ready(blueprint: Blueprint, settings: Settings) -> tuple[str, ...]:
    components = stack_status(blueprint).components
    unhealthy = tuple(name for name, component in components.items() if not component.healthy)
    try:
        ready = stream_is_ready(blueprint, settings)
    except RetriableError:
        ready = False
    return unhealthy if ready else (*unhealthy, THE_STREAM)
