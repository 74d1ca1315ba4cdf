-- Each batch against the sum of its sources, outcome by outcome.

WITH sources AS (
    SELECT
        batch_id,
        sum(landed) AS landed,
        sum(duplicate) AS duplicate,
        sum(superseding) AS superseding,
        sum(dead_lettered) AS dead_lettered
    FROM ops.stream_batch_source
    GROUP BY batch_id
)
SELECT
    format('batch %%s, %%s', batch.batch_id, outcome.name) AS place,
    outcome.total AS left_count,
    outcome.by_source AS right_count
FROM ops.stream_batch AS batch
LEFT JOIN sources USING (batch_id)
CROSS JOIN LATERAL (
    VALUES
        ('landed', batch.landed, sources.landed),
        ('duplicate', batch.duplicate, sources.duplicate),
        ('superseding', batch.superseding, sources.superseding),
        ('dead_lettered', batch.dead_lettered, sources.dead_lettered)
) AS outcome (name, total, by_source)
