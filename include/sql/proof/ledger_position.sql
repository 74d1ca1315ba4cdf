-- The ledger's next offset against the end of the last batch. A partition without a batch stands where it began.

SELECT
    format('%%s/%%s', ledger.topic, ledger.partition) AS place,
    ledger.next_offset AS left_count,
    coalesce(batches.next_offset, ledger.next_offset) AS right_count
FROM ops.stream_ledger AS ledger
LEFT JOIN (
    SELECT topic, partition, max(last_offset) + 1 AS next_offset
    FROM ops.stream_batch
    GROUP BY topic, partition
) AS batches USING (topic, partition)
