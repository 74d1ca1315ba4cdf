-- The position behind an accepted loss.

UPDATE ops.stream_ledger
SET
    topic_id = %(next_topic_id)s,
    next_offset = %(next_offset)s,
    updated_at = now()
WHERE topic = %(topic)s AND partition = %(partition)s
