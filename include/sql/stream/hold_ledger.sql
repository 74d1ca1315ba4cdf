-- Every position, held until the transaction ends: meanwhile no batch can land.

SELECT topic, partition, topic_id, next_offset
FROM ops.stream_ledger
ORDER BY topic, partition
FOR UPDATE
