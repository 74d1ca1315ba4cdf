"""Which partition of the topic a symbol's events go to."""

import zlib


def partition_of(symbol: str, partitions: int) -> int:
    """CRC-32 of the UTF-8 key modulo the partition count: what librdkafka's `consistent` partitioner does too."""
    return zlib.crc32(symbol.encode("utf-8")) % partitions
