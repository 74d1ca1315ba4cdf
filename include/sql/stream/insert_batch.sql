-- What one transaction did with the offsets it took.

INSERT INTO ops.stream_batch (
    batch_id, epoch, topic, topic_id, partition, first_offset, last_offset, records, landed, duplicate, superseding,
    dead_lettered, market_at, bar_close_s
)
VALUES (
    %(batch_id)s, %(epoch)s, %(topic)s, %(topic_id)s, %(partition)s, %(first_offset)s, %(last_offset)s, %(records)s,
    %(landed)s, %(duplicate)s, %(superseding)s, %(dead_lettered)s, %(market_at)s, %(bar_close_s)s
)
