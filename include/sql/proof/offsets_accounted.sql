-- Offsets from the beginning to the end of each stretch of batches that follow each other, against what became of their
-- records: landed, duplicate, superseding another version, dead letter, or part of an accepted loss. All batches of a
-- partition are one stretch; those of a day are, unless other days' batches lie between them. A loss before the first
-- batch is the partition's beginning. The braces hold followed_batches.sql.

WITH followed AS (
{followed_batches}
),
stretched AS (
    SELECT
        *,
        count(*) FILTER (WHERE is_first) OVER (
            PARTITION BY topic, partition, topic_id ORDER BY first_offset
        ) AS stretch
    FROM (
        SELECT
            *,
            previous_batch_id IS DISTINCT FROM lag(batch_id) OVER (
                PARTITION BY topic, partition, topic_id ORDER BY first_offset
            ) OR previous_batch_id IS NULL AS is_first
        FROM followed
    ) AS marked
)
SELECT
    format('%%s/%%s offsets %%s to %%s', topic, partition, min(first_offset), max(last_offset)) AS place,
    max(last_offset) + 1 - min(first_offset) AS left_count,
    sum(landed + duplicate + superseding + dead_lettered)
        + coalesce(sum(lost) FILTER (WHERE NOT is_first), 0) AS right_count
FROM stretched
GROUP BY topic, partition, topic_id, stretch
