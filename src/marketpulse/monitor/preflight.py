"""What must be true before a producer starts: the schema is current, the topics exist, nobody else produces."""

import time
from collections.abc import Callable

from marketpulse.broker.topic_reader import event_partitions
from marketpulse.errors import LeaseHeldError
from marketpulse.resources import read_sql
from marketpulse.settings import PRODUCER_LEASE, Settings
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse import migrations


def check_producer(settings: Settings) -> None:
    """Raises OperatorError that names what is missing, RetriableError for an outage; waits out a dead holder."""
    migrations.verify(settings.operations_dsn.get_secret_value())
    event_partitions(settings.kafka_bootstrap)
    wait_for_free_lease(settings)


def wait_for_free_lease(settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns when nobody holds the producer's lease. A living holder renews it, and is named by a LeaseHeldError; a
    dead one's expires within its time to live."""
    dsn, lease = settings.operations_dsn.get_secret_value(), {"lease": PRODUCER_LEASE}
    with outages(dsn), connect(dsn, application_name="preflight", autocommit=True) as connection:
        first = connection.execute(read_sql("monitor/producer_lease"), lease).fetchone()
        held = first
        while held is not None and first is not None:
            if held != first:
                raise LeaseHeldError(f"{held[0]} is producing already: stop its run in Airflow first")
            sleep(0.5)
            held = connection.execute(read_sql("monitor/producer_lease"), lease).fetchone()
