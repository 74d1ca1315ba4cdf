-- Offsets that the ledger has passed in each partition against what became of their records:
-- landed, duplicate, superseding another version, or dead letter.

SELECT
    format('%%s/%%s', batch.topic, batch.partition) AS place,
    max(ledger.next_offset) - min(batch.first_offset) AS left_count,
    sum(batch.landed + batch.duplicate + batch.superseding + batch.dead_lettered) AS right_count
FROM ops.stream_batch AS batch
LEFT JOIN ops.stream_ledger AS ledger USING (topic, partition)
GROUP BY batch.topic, batch.partition
