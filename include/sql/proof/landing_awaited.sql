-- The highest number of a producer that landed in a partition, or that an accepted loss excuses, against the highest that
-- its polls say the broker acknowledged: what a proof waits for. `until_poll_id` bounds the polls: the stream may still be
-- reading what was acknowledged since.

WITH landed AS (
    SELECT source.producer_id, format('%%s/%%s', batch.topic, batch.partition) AS spot, max(source.highest_seq) AS highest_seq
    FROM proof_producer
    JOIN ops.stream_batch_source AS source USING (producer_id)
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.topic, batch.partition
)
SELECT
    format('%%s %%s', acknowledged.producer_id, acknowledged.spot) AS place,
    greatest(landed.highest_seq, acknowledged.excused_seq, 0) AS left_count,
    acknowledged.highest_seq AS right_count
FROM (
{select_acknowledged}
) AS acknowledged
LEFT JOIN landed USING (producer_id, spot)
