-- A loss that a person accepts.

INSERT INTO ops.stream_loss (topic, topic_id, partition, from_offset, to_offset, reason, accepted_by)
VALUES (%(topic)s, %(topic_id)s, %(partition)s, %(from_offset)s, %(to_offset)s, %(reason)s, %(accepted_by)s)
