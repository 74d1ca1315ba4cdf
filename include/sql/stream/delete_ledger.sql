-- A partition that the topic no longer has.

DELETE FROM ops.stream_ledger
WHERE topic = %(topic)s AND partition = %(partition)s
