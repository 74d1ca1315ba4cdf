-- The offsets of the records before a batch that the stream itself could not read or store, as far back as a limit looks
-- and no further than a person's consent reaches. Letters that a producer wrote name their feed and do not count.

SELECT letter.kafka_offset
FROM ops.dead_letter AS letter
INNER JOIN ops.stream_batch AS batch USING (batch_id)
WHERE letter.kafka_topic = %(topic)s
    AND letter.kafka_partition = %(partition)s
    AND letter.kafka_offset >= %(from_offset)s
    AND letter.kafka_offset < %(next_offset)s
    AND letter.feed IS NULL
    AND batch.topic_id = %(topic_id)s
ORDER BY letter.kafka_offset
