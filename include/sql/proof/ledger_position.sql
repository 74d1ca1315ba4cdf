-- The ledger's next offset against the end of the last batch or accepted loss. A partition without either stands where
-- it began.

SELECT
    format('%%s/%%s', ledger.topic, ledger.partition) AS place,
    ledger.next_offset AS left_count,
    coalesce(greatest(batches.next_offset, losses.next_offset), ledger.next_offset) AS right_count
FROM ops.stream_ledger AS ledger
LEFT JOIN LATERAL (
    SELECT batch.last_offset + 1 AS next_offset
    FROM ops.stream_batch AS batch
    WHERE batch.topic = ledger.topic
      AND batch.partition = ledger.partition
      AND batch.topic_id = ledger.topic_id
    ORDER BY batch.first_offset DESC
    LIMIT 1
) AS batches ON true
LEFT JOIN (
    SELECT topic, partition, topic_id, max(to_offset) AS next_offset
    FROM ops.stream_loss
    GROUP BY topic, partition, topic_id
) AS losses USING (topic, partition, topic_id)
