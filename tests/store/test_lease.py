"""Leases against a real Postgres: one holder, the database's clock, tokens that fence."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from tests.database import Database

from marketpulse.errors import FencedError, LeaseHeldError
from marketpulse.store import lease as leases
from marketpulse.store.postgres import connect

pytestmark = pytest.mark.integration
HERE = socket.gethostname()


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with connect(database.operations_dsn, application_name="test") as opened:
        yield opened


def test_second_holder_is_refused_by_name(connection: psycopg.Connection) -> None:
    leases.acquire(connection, "producer", "elsewhere:1:p-first", 30)
    with pytest.raises(LeaseHeldError, match="elsewhere:1:p-first"):
        leases.acquire(connection, "producer", leases.holder_text("p-second"), 30)


def test_other_names_are_free(connection: psycopg.Connection) -> None:
    leases.acquire(connection, "producer", "elsewhere:1:p-first", 30)
    assert leases.acquire(connection, "maintenance", "elsewhere:1:p-first", 30).name == "maintenance"


def test_released_lease_is_free_at_once(connection: psycopg.Connection) -> None:
    leases.release(connection, leases.acquire(connection, "producer", "elsewhere:1:a", 30))
    leases.acquire(connection, "producer", "elsewhere:1:b", 30)


def test_expired_lease_is_taken_and_its_first_holder_fenced(connection: psycopg.Connection) -> None:
    first = leases.acquire(connection, "producer", "elsewhere:1:a", 0.1)
    time.sleep(0.2)
    second = leases.acquire(connection, "producer", "elsewhere:2:b", 30)
    with pytest.raises(FencedError):
        leases.renew(connection, first)
    with pytest.raises(FencedError), connection.transaction():
        leases.fence(connection, first)
    leases.release(connection, first)
    leases.renew(connection, second)


def test_expired_lease_cannot_be_renewed_even_when_nobody_took_it(connection: psycopg.Connection) -> None:
    lease = leases.acquire(connection, "producer", "elsewhere:1:a", 0.1)
    time.sleep(0.2)
    with pytest.raises(FencedError):
        leases.renew(connection, lease)


def test_lease_of_a_dead_process_of_this_machine_is_taken_at_once(connection: psycopg.Connection) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    leases.acquire(connection, "producer", f"{HERE}:{ended.pid}:p-dead", 60)
    assert leases.acquire(connection, "producer", leases.holder_text("p-new"), 60).holder.endswith("p-new")


def test_lease_of_a_living_process_of_this_machine_is_respected(connection: psycopg.Connection) -> None:
    leases.acquire(connection, "producer", f"{HERE}:{os.getppid()}:p-alive", 60)
    with pytest.raises(LeaseHeldError, match="p-alive"):
        leases.acquire(connection, "producer", leases.holder_text("p-new"), 60)


def test_nobody_takes_a_lease_between_the_fence_and_the_commit(
    connection: psycopg.Connection, database: Database
) -> None:
    lease = leases.acquire(connection, "producer", "elsewhere:1:a", 0.3)
    taken = threading.Event()

    def take() -> None:
        with connect(database.operations_dsn, application_name="test") as other:
            leases.acquire(other, "producer", "elsewhere:2:b", 30)
            taken.set()

    with connection.transaction():
        leases.fence(connection, lease)
        time.sleep(0.5)
        thread = threading.Thread(target=take)
        thread.start()
        assert not taken.wait(0.3)
    thread.join(5)
    assert taken.is_set()
