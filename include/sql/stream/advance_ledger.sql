-- The position moves with the rows, in the same transaction.

UPDATE ops.stream_ledger
SET
    next_offset = %(next_offset)s,
    last_record_at = %(last_record_at)s,
    epoch = %(epoch)s,
    updated_at = now()
WHERE topic = %(topic)s AND partition = %(partition)s
