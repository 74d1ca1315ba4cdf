-- Offsets that the ledger has passed in each partition against what became of their records: landed, duplicate,
-- superseding another version, dead letter, or part of an accepted loss. The ledger has left a topic that was made anew;
-- there the loss says how far it had come.

WITH batches AS (
    SELECT
        topic,
        partition,
        topic_id,
        min(first_offset) AS first_offset,
        sum(landed + duplicate + superseding + dead_lettered) AS records
    FROM ops.stream_batch
    GROUP BY topic, partition, topic_id
),
losses AS (
    SELECT
        topic,
        partition,
        topic_id,
        min(from_offset) AS first_offset,
        max(to_offset) AS next_offset,
        sum(to_offset - from_offset) AS records
    FROM ops.stream_loss
    GROUP BY topic, partition, topic_id
)
SELECT
    format('%%s/%%s', topic, partition) AS place,
    coalesce(ledger.next_offset, losses.next_offset) - least(batches.first_offset, losses.first_offset) AS left_count,
    batches.records + coalesce(losses.records, 0) AS right_count
FROM batches
LEFT JOIN ops.stream_ledger AS ledger USING (topic, partition, topic_id)
LEFT JOIN losses USING (topic, partition, topic_id)
