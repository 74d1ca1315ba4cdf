-- The dead letters that the stream has made of records of the event topic; those of the producer come by another topic.
SELECT count(*)
FROM ops.dead_letter
WHERE kafka_topic = %(topic)s
