-- Per producer: what its polls say was published against the numbers that the broker acknowledged.

WITH published AS (
    SELECT producer_id, sum(events + rejected) AS records
    FROM ops.poll
    GROUP BY producer_id
),
acknowledged AS (
    SELECT producer_id, sum(highest_seq) AS records
    FROM (
        SELECT poll.producer_id, spot.key, max(spot.value::bigint) AS highest_seq
        FROM ops.poll
        CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
        GROUP BY poll.producer_id, spot.key
    ) AS by_partition
    GROUP BY producer_id
)
SELECT
    published.producer_id AS place,
    published.records AS left_count,
    coalesce(acknowledged.records, 0) AS right_count
FROM published
LEFT JOIN acknowledged USING (producer_id)
