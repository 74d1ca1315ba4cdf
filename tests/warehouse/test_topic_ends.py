"""Where Kafka's topics end, asked of nobody; the answer of a real broker is tested with the whole pipeline."""

import pytest
from tests.database import free_port

from marketpulse.errors import RetriableError
from marketpulse.warehouse.topic_ends import topic_ends


def test_a_silent_broker_is_an_outage() -> None:
    with pytest.raises(RetriableError, match="does not answer"):
        topic_ends(f"127.0.0.1:{free_port()}", timeout_s=0.5)
