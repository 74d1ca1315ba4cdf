-- Batches of a partition, against those that begin where the one before them ended, or where an accepted loss did.

SELECT
    format('%%s/%%s batch %%s begins at %%s after %%s', topic, partition, batch_id, first_offset, before) AS place,
    1 AS left_count,
    (before IS NULL OR first_offset = before + 1 + lost.offsets)::integer AS right_count
FROM (
    SELECT
        topic,
        partition,
        topic_id,
        batch_id,
        first_offset,
        lag(last_offset) OVER (PARTITION BY topic, partition, topic_id ORDER BY first_offset) AS before
    FROM ops.stream_batch
) AS followed
CROSS JOIN LATERAL (
    SELECT coalesce(sum(to_offset - from_offset), 0) AS offsets
    FROM ops.stream_loss AS loss
    WHERE loss.topic = followed.topic
      AND loss.partition = followed.partition
      AND loss.topic_id = followed.topic_id
      AND loss.from_offset > followed.before
      AND loss.to_offset <= followed.first_offset
) AS lost
