"""A producer in a process of its own that can be killed or frozen between any two steps from its first event on."""

import io
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import psycopg
from tests.forking import Seam, break_off_at, crash, freeze

from marketpulse.events.session import calendar
from marketpulse.ingest.producer import run_producer
from marketpulse.ingest.publisher import Publisher
from marketpulse.settings import load_settings

# Publish, wait for the broker, then each statement of the transaction with the poll and the cursors, and its commit.
SEAMS = (
    Seam(Publisher, "publish", calls=2),
    Seam(Publisher, "flush", after=True),
    Seam(psycopg.Cursor, "execute"),
    Seam(psycopg.Transaction, "__exit__", after=True),
)

# Takes seconds: once, before there is anything to fork.
calendar("XNYS")


def killed_at(step: int, environment: Mapping[str, str], session: str, until: str) -> int:
    """One run of `marketpulse produce`, killed at the step; its exit status when it does not come to that."""
    return _produce(step, crash, environment, session, until)


def frozen_at(step: int, environment: Mapping[str, str], session: str, until: str) -> int:
    return _produce(step, freeze, environment, session, until)


def _produce(step: int, action: Callable[[], None], environment: Mapping[str, str], session: str, until: str) -> int:
    os.environ.update(environment)
    publish = Publisher.publish

    def first(publisher: Publisher, *arguments: Any) -> None:
        setattr(Publisher, publish.__name__, publish)
        break_off_at(step, SEAMS, action)
        publisher.publish(*arguments)

    setattr(Publisher, publish.__name__, first)
    return run_producer(
        load_settings(),
        trading_date=date.fromisoformat(session),
        until=datetime.fromisoformat(until),
        output=io.StringIO(),
    )
