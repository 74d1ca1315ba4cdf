-- Batches of a partition, against those that begin where the one before them ended, or where an accepted loss did.
-- The braces hold followed_batches.sql.

SELECT
    format('%%s/%%s batch %%s begins at %%s after %%s', topic, partition, batch_id, first_offset, previous_offset) AS place,
    1 AS left_count,
    (previous_offset IS NULL OR first_offset = previous_offset + 1 + lost)::integer AS right_count
FROM (
{followed_batches}
) AS followed
