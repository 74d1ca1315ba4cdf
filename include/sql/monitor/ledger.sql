-- How far the stream has landed each partition, and how fast in the last minute.
WITH recent AS (
    -- Batches are numbered in the order of their start: the newest few thousand reach back far enough.
    SELECT topic, partition, records
    FROM ops.stream_batch
    WHERE batch_id > (SELECT max(batch_id) - 5000 FROM ops.stream_batch)
      AND committed_at > now() - INTERVAL '60 seconds'
),
rate AS (
    SELECT topic, partition, sum(records) AS records
    FROM recent
    GROUP BY topic, partition
)
SELECT
    ledger.topic,
    ledger.partition,
    ledger.next_offset,
    coalesce(rate.records, 0)::float8 / 60
FROM ops.stream_ledger AS ledger
LEFT JOIN rate USING (topic, partition);
