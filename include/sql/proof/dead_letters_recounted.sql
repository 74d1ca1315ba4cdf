-- Dead letters in the table, recounted, against what the batches say they put there. The same thing again counts as a
-- duplicate in its batch and adds no row.

SELECT
    format('batch %%s', batch.batch_id) AS place,
    coalesce(letters.letters, 0) AS left_count,
    batch.dead_lettered AS right_count
FROM proof_batch
JOIN ops.stream_batch AS batch USING (batch_id)
LEFT JOIN (
    SELECT letter.batch_id, count(*) AS letters
    FROM proof_batch
    JOIN ops.dead_letter AS letter USING (batch_id)
    GROUP BY letter.batch_id
) AS letters USING (batch_id)
UNION ALL
SELECT
    format('batch %%s is not known', letter.batch_id) AS place,
    count(*) AS left_count,
    0 AS right_count
FROM ops.dead_letter AS letter
WHERE NOT EXISTS (SELECT FROM ops.stream_batch AS batch WHERE batch.batch_id = letter.batch_id)
GROUP BY letter.batch_id
