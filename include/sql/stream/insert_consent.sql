-- A consent for one partition: what Kafka holds of it now may become dead letters.

INSERT INTO ops.dead_letter_consent (topic, topic_id, partition, from_offset, until_offset, accepted_by)
VALUES (%(topic)s, %(topic_id)s, %(partition)s, %(from_offset)s, %(until_offset)s, %(accepted_by)s)
ON CONFLICT (topic, partition, topic_id, from_offset, until_offset) DO NOTHING
