-- One dead letter; the same identity again adds nothing.

INSERT INTO ops.dead_letter (
    dead_letter_id, kafka_topic, kafka_partition, kafka_offset, batch_id, reason, detail, provider, endpoint, feed,
    symbol, request, body, received_at, producer_id, producer_seq
)
VALUES (
    %(dead_letter_id)s, %(topic)s, %(partition)s, %(offset)s, %(batch_id)s, %(reason)s, %(detail)s, %(provider)s,
    %(endpoint)s, %(feed)s, %(symbol)s, %(request)s, %(body)s, %(received_at)s, %(producer_id)s, %(producer_seq)s
)
ON CONFLICT (dead_letter_id) DO NOTHING
