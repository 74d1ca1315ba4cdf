-- The same by provider and producer, with the sequence numbers seen.

INSERT INTO ops.stream_batch_source (
    batch_id, provider, producer_id, records, landed, duplicate, superseding, dead_lettered, lowest_seq, highest_seq,
    seqs, duplicate_seqs
)
VALUES (
    %(batch_id)s, %(provider)s, %(producer_id)s, %(records)s, %(landed)s, %(duplicate)s, %(superseding)s,
    %(dead_lettered)s, %(lowest_seq)s, %(highest_seq)s, %(seqs)s::int8multirange, %(duplicate_seqs)s::int8multirange
)
