-- The ledger's next offset against the end of the last batch or accepted loss. A partition without either stands where
-- it began.

SELECT
    format('%%s/%%s', ledger.topic, ledger.partition) AS place,
    ledger.next_offset AS left_count,
    coalesce(greatest(batches.next_offset, losses.next_offset), ledger.next_offset) AS right_count
FROM ops.stream_ledger AS ledger
LEFT JOIN (
    SELECT topic, partition, topic_id, max(last_offset) + 1 AS next_offset
    FROM ops.stream_batch
    GROUP BY topic, partition, topic_id
) AS batches USING (topic, partition, topic_id)
LEFT JOIN (
    SELECT topic, partition, topic_id, max(to_offset) AS next_offset
    FROM ops.stream_loss
    GROUP BY topic, partition, topic_id
) AS losses USING (topic, partition, topic_id)
