-- Where the stream stands, one row a partition.

SELECT topic, partition, topic_id, next_offset
FROM ops.stream_ledger
ORDER BY topic, partition
