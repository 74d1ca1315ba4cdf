-- The highest number of a producer that landed in a partition, or that an accepted loss excuses, against the highest that
-- its polls say the broker acknowledged. `until_poll_id` bounds the polls: the stream may still be reading what was
-- acknowledged since.

WITH acknowledged AS (
    SELECT
        poll.producer_id,
        spot.key AS spot,
        max(spot.value::bigint) AS highest_seq,
        max(spot.value::bigint) FILTER (WHERE poll.received_at <= loss.accepted_at) AS excused_seq
    FROM ops.poll
    CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
    LEFT JOIN (
        SELECT format('%%s/%%s', topic, partition) AS spot, max(accepted_at) AS accepted_at
        FROM ops.stream_loss
        WHERE to_offset > from_offset
        GROUP BY topic, partition
    ) AS loss ON loss.spot = spot.key
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
    greatest(landed.highest_seq, acknowledged.excused_seq, 0) AS left_count,
    acknowledged.highest_seq AS right_count
FROM acknowledged
LEFT JOIN landed USING (producer_id, spot)
