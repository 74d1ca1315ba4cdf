-- The highest number of a producer that landed in a partition, against the highest that its polls say the broker
-- acknowledged. `until_poll_id` bounds the polls: the stream may still be reading what was acknowledged since.

WITH acknowledged AS (
    SELECT poll.producer_id, spot.key AS spot, max(spot.value::bigint) AS highest_seq
    FROM ops.poll
    CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
    WHERE poll.poll_id <= %(until_poll_id)s
    GROUP BY poll.producer_id, spot.key
),
landed AS (
    SELECT source.producer_id, format('%%s/%%s', batch.topic, batch.partition) AS spot, max(source.highest_seq) AS highest_seq
    FROM ops.stream_batch_source AS source
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.topic, batch.partition
)
SELECT
    format('%%s %%s', acknowledged.producer_id, acknowledged.spot) AS place,
    coalesce(landed.highest_seq, 0) AS left_count,
    acknowledged.highest_seq AS right_count
FROM acknowledged
LEFT JOIN landed USING (producer_id, spot)
