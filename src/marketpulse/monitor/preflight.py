"""What must be true before a producer starts: the schema is current, the topics exist, nobody else produces."""

import time
from collections.abc import Callable

from marketpulse.broker.topic_reader import event_partitions
from marketpulse.errors import LeaseHeldError
from marketpulse.resources import read_sql
from marketpulse.settings import PRODUCER_LEASE, Settings
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse import migrations

# A producer whose run was just ended drains, and gives its lease back.
PATIENCE_S = 20.0
_PAUSE_S = 0.5


def check_producer(settings: Settings) -> None:
    """Raises OperatorError that names what is missing, RetriableError for an outage; waits out a dead holder."""
    migrations.verify(settings.operations_dsn.get_secret_value())
    event_partitions(settings.kafka_bootstrap)
    wait_for_free_lease(settings)


def wait_for_free_lease(
    settings: Settings, *, patience_s: float = PATIENCE_S, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Returns when nobody holds the producer's lease. A holder that still renews it after `patience_s` is named by a
    LeaseHeldError; a dead one's expires within its time to live."""
    dsn, lease = settings.operations_dsn.get_secret_value(), {"lease": PRODUCER_LEASE}
    with outages(dsn), connect(dsn, application_name="preflight", autocommit=True) as connection:
        first = held = connection.execute(read_sql("monitor/producer_lease"), lease).fetchone()
        waited_s = 0.0
        while held is not None:
            if held != first and waited_s >= patience_s:
                raise LeaseHeldError(f"{held[0]} is producing already: stop its run in Airflow first")
            sleep(_PAUSE_S)
            waited_s += _PAUSE_S
            held = connection.execute(read_sql("monitor/producer_lease"), lease).fetchone()
