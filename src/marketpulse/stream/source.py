"""The Kafka source: from which offsets, how much at a time, and how patient."""

from collections.abc import Sequence

from marketpulse.settings import Settings
from marketpulse.stream.ledger import Position, assignment, starting_offsets

RECORD_COLUMNS = ("topic", "partition", "offset", "timestamp", "value")


def source_options(settings: Settings, wanted: Sequence[Position]) -> dict[str, str]:
    """One task a Kafka partition (no `minPartitions`), every offset exactly once, nothing skipped in silence."""
    return {
        "kafka.bootstrap.servers": settings.kafka_bootstrap,
        "assign": assignment(wanted),
        "startingOffsets": starting_offsets(wanted),
        "failOnDataLoss": "true",
        "maxOffsetsPerTrigger": str(settings.stream_max_offsets_per_trigger),
        "kafka.max.poll.records": "10000",
        # A broker that is away fails the query within half a minute, and the driver waits for it.
        "kafkaConsumer.pollTimeoutMs": "20000",
        "kafka.default.api.timeout.ms": "15000",
        "kafka.request.timeout.ms": "10000",
        "fetchOffset.numRetries": "2",
        "fetchOffset.retryIntervalMs": "500",
    }
