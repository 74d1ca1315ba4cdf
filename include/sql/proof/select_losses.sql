-- Every loss that a person accepted.

SELECT topic, partition, topic_id, to_offset - from_offset AS offsets, accepted_at
FROM ops.stream_loss
