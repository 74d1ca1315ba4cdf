-- Each batch against the sum of its sources, outcome by outcome.

SELECT
    format('batch %%s, %%s', batch.batch_id, outcome.name) AS place,
    outcome.total AS left_count,
    outcome.by_source AS right_count
FROM proof_batch
JOIN ops.stream_batch AS batch USING (batch_id)
LEFT JOIN (
    SELECT
        source.batch_id,
        sum(source.landed) AS landed,
        sum(source.duplicate) AS duplicate,
        sum(source.superseding) AS superseding,
        sum(source.dead_lettered) AS dead_lettered
    FROM proof_batch
    JOIN ops.stream_batch_source AS source USING (batch_id)
    GROUP BY source.batch_id
) AS sources USING (batch_id)
CROSS JOIN LATERAL (
    VALUES
        ('landed', batch.landed, sources.landed),
        ('duplicate', batch.duplicate, sources.duplicate),
        ('superseding', batch.superseding, sources.superseding),
        ('dead_lettered', batch.dead_lettered, sources.dead_lettered)
) AS outcome (name, total, by_source)
