-- Where the stream stands in each partition of a topic.

SELECT partition, topic_id, next_offset
FROM ops.stream_ledger
WHERE topic = %(topic)s
ORDER BY partition
