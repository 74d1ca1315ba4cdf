"""Two real Spark workers, four partitions: the work is shared, one may die, and what was frozen changes nothing."""

import logging
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.database import Database
from tests.stream.spark_stack import SparkStack, eventually
from tests.stream.test_stock_stream import Books

from marketpulse.errors import FencedError
from marketpulse.settings import STREAM
from marketpulse.stream.sink import session_prefix

logger = logging.getLogger(__name__)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

# Small batches, so that something is always under way.
SMALL = {"MARKETPULSE_STREAM_MAX_OFFSETS_PER_TRIGGER": "400"}
SECOND = "spark-worker-2"


@pytest.fixture
def stack() -> Iterator[SparkStack]:
    with tempfile.TemporaryDirectory(prefix="marketpulse-stream-", ignore_cleanup_errors=True) as folder:
        stack = SparkStack(Path(folder), workers=2)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
            for path in sorted(stack.layout.logs.glob("driver-*.log")):
                logger.info("%s ends with\n%s", path.name, stack.log(path.stem)[-3000:])


def sink_ports(database: Database) -> list[int]:
    """From which ports the sink's sessions come."""
    with psycopg.connect(database.superuser_dsn) as connection:
        query = "SELECT client_port FROM pg_stat_activity WHERE starts_with(application_name, %s)"
        return [port for (port,) in connection.execute(query, (session_prefix(STREAM),))]


def test_two_workers_share_the_work_and_exactness_outlives_one_of_them(stack: SparkStack, database: Database) -> None:
    books = Books(database)
    stack.publish(books.trades(1000))
    stack.submit("driver-1", database, **SMALL)
    eventually("the first events landed", books.landed)
    stack.publish(books.trades(2000))
    eventually(
        "both workers land", lambda: stack.lands_through(sink_ports(database)) == {"spark-worker", SECOND}, within_s=60
    )
    assert len(sink_ports(database)) == 2, "one connection a core"
    eventually("all of it landed", books.landed)

    stack.publish(books.trades(6000))
    eventually("the backlog is being drained", lambda: books.one("SELECT count(*) > 3500 FROM market.event") == (True,))
    stack.kill(SECOND)
    assert not books.landed(), "too late to matter"
    eventually("the other worker landed the rest", books.landed)
    books.assert_balanced(records=9000)

    # The driver and every process that lands stand still, some within a transaction; another driver takes over.
    stack.start_worker(SECOND)
    stack.publish(books.trades(3000))
    eventually("it is landing", lambda: books.one("SELECT count(*) > 9100 FROM market.event") == (True,))
    frozen = stack.python_workers("spark-worker")
    assert frozen
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    stack.signal_driver("driver-1", signal.SIGSTOP)
    stack.submit("driver-2", database, **SMALL)
    eventually("the second driver landed the rest", books.landed)
    for process in frozen:
        process.send_signal(signal.SIGCONT)
    stack.signal_driver("driver-1", signal.SIGCONT)
    assert stack.exit_status("driver-1", within_s=90) == FencedError.exit_status
    stack.publish(books.trades(500))
    eventually("events landed afterwards", books.landed)
    books.assert_balanced(records=12500)
    assert books.one("SELECT epoch FROM ops.stream_run") == (2,)
