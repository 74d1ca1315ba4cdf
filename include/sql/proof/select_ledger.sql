-- Where the stream stands in each partition.

SELECT topic, partition, topic_id, next_offset
FROM ops.stream_ledger
