-- Dead letters in the table, recounted, against what the batches say they put there. The same thing again counts as a
-- duplicate in its batch and adds no row.

SELECT
    format('batch %%s', batch_id) AS place,
    coalesce(letters.letters, 0) AS left_count,
    coalesce(batch.dead_lettered, 0) AS right_count
FROM (
    SELECT batch_id, count(*) AS letters
    FROM ops.dead_letter
    GROUP BY batch_id
) AS letters
FULL JOIN ops.stream_batch AS batch USING (batch_id)
