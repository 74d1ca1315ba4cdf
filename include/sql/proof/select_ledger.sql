-- Where the stream stands in each partition.

SELECT topic, partition, next_offset
FROM ops.stream_ledger
