-- Batches of a partition, against those that begin where the one before them ended.

SELECT
    format('%%s/%%s batch %%s begins at %%s after %%s', topic, partition, batch_id, first_offset, before) AS place,
    1 AS left_count,
    (before IS NULL OR first_offset = before + 1)::integer AS right_count
FROM (
    SELECT
        topic,
        partition,
        batch_id,
        first_offset,
        lag(last_offset) OVER (PARTITION BY topic, partition ORDER BY first_offset) AS before
    FROM ops.stream_batch
) AS followed
