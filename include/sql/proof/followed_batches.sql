-- The batches with the one before each in its partition, and how many offsets between the two were accepted as lost.

SELECT
    batch.*,
    previous.batch_id AS previous_batch_id,
    previous.last_offset AS previous_offset,
    lost.offsets AS lost
FROM proof_batch
JOIN ops.stream_batch AS batch USING (batch_id)
LEFT JOIN LATERAL (
    SELECT earlier.batch_id, earlier.last_offset
    FROM ops.stream_batch AS earlier
    WHERE earlier.topic = batch.topic
      AND earlier.partition = batch.partition
      AND earlier.topic_id = batch.topic_id
      AND earlier.first_offset < batch.first_offset
    ORDER BY earlier.first_offset DESC
    LIMIT 1
) AS previous ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(loss.to_offset - loss.from_offset), 0) AS offsets
    FROM ops.stream_loss AS loss
    WHERE loss.topic = batch.topic
      AND loss.partition = batch.partition
      AND loss.topic_id = batch.topic_id
      AND loss.from_offset > previous.last_offset
      AND loss.to_offset <= batch.first_offset
) AS lost
