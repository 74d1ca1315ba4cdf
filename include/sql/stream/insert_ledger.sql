-- A partition that the stream has not read before.

INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)
VALUES (%(topic)s, %(partition)s, %(topic_id)s, %(next_offset)s, %(epoch)s)
ON CONFLICT (topic, partition) DO NOTHING
