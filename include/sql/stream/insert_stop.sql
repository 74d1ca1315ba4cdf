-- Where and why the stream stopped; the same batch tried again tells the same.

INSERT INTO ops.stream_stop (topic, topic_id, partition, next_offset, at_offset, rule, reason, source)
VALUES (
    %(topic)s, %(topic_id)s, %(partition)s, %(next_offset)s, %(at_offset)s, %(rule)s, %(reason)s, %(source)s
)
ON CONFLICT (topic, partition, topic_id, next_offset) DO UPDATE
SET
    at_offset = excluded.at_offset,
    rule = excluded.rule,
    reason = excluded.reason,
    source = excluded.source,
    stopped_at = now()
