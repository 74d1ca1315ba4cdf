-- Records that a producer sent to a partition and the stream read, against the highest number it gave out there.
-- Numbers start at 1 and rise by one, so a difference is a lost or a doubled record.

SELECT
    format('%%s %%s/%%s', source.producer_id, batch.topic, batch.partition) AS place,
    sum(source.records) AS left_count,
    max(source.highest_seq) AS right_count
FROM ops.stream_batch_source AS source
JOIN ops.stream_batch AS batch USING (batch_id)
WHERE source.producer_id <> ''
  AND source.highest_seq IS NOT NULL
GROUP BY source.producer_id, batch.topic, batch.partition
