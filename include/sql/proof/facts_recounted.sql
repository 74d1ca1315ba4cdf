-- Versions in the tables, recounted, against what the batches say they landed. Batch by batch; once retention has
-- sealed a day its versions are known by number only, and the totals are compared.

WITH versions AS (
    SELECT batch_id, count(*) AS versions
    FROM (
        SELECT batch_id FROM market.event
        UNION ALL
        SELECT batch_id FROM market.event_superseded
    ) AS known
    GROUP BY batch_id
),
sealed AS (
    SELECT coalesce(sum(events + superseded), 0) AS versions
    FROM ops.sealed_day
)
SELECT
    format('batch %%s', batch_id) AS place,
    coalesce(versions.versions, 0) AS left_count,
    coalesce(batch.landed + batch.superseding, 0) AS right_count
FROM versions
FULL JOIN ops.stream_batch AS batch USING (batch_id)
WHERE (SELECT sealed.versions FROM sealed) = 0
UNION ALL
SELECT
    'all batches' AS place,
    (SELECT coalesce(sum(versions.versions), 0) FROM versions) + sealed.versions AS left_count,
    (SELECT sum(batch.landed + batch.superseding) FROM ops.stream_batch AS batch) AS right_count
FROM sealed
WHERE sealed.versions > 0
