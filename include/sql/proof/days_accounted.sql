-- Versions that each batch landed, against the sum of what it put on each day.

SELECT
    format('batch %%s', batch.batch_id) AS place,
    batch.landed + batch.superseding AS left_count,
    coalesce(days.versions, 0) AS right_count
FROM proof_batch
JOIN ops.stream_batch AS batch USING (batch_id)
LEFT JOIN (
    SELECT day.batch_id, sum(day.versions) AS versions
    FROM proof_batch
    JOIN ops.stream_batch_day AS day USING (batch_id)
    GROUP BY day.batch_id
) AS days USING (batch_id)
