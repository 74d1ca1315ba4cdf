"""The client that asks Kafka, and what its failures mean: a broker that does not answer is a RetriableError.

The client library keeps its own lines to itself: whatever fails here is raised, and told in our words.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from marketpulse.errors import RetriableError

TIMEOUT_S = 10.0


def quiet_configuration(bootstrap: str) -> dict[str, Any]:
    """The settings of every client that only reads."""
    return {"bootstrap.servers": bootstrap, "log_level": 0}


def admin_client(bootstrap: str, *, timeout_s: float = TIMEOUT_S) -> AdminClient:
    """A client for questions and topics; it connects when it is first asked."""
    timeout_ms = int(timeout_s * 1000)
    limits = {"socket.timeout.ms": timeout_ms, "socket.connection.setup.timeout.ms": max(timeout_ms, 1000)}
    return AdminClient({**quiet_configuration(bootstrap), **limits})


@contextmanager
def outages(bootstrap: str) -> Iterator[None]:
    """Turns a failure of the broker inside the block into a RetriableError; other errors pass unchanged."""
    try:
        yield
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
        raise RetriableError(f"Kafka at {bootstrap} does not answer ({reason}): is it running?") from None
