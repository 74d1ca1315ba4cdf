-- New versions that lose against a known or incoming one go straight to market.event_superseded.

WITH shelved AS (
    INSERT INTO market.event_superseded (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    batch_id, superseded_by, superseded_batch_id
    )
    SELECT
    incoming.trading_date, incoming.entity_id, incoming.event_id, incoming.event_type, incoming.action, incoming.provider, incoming.endpoint, incoming.feed, incoming.symbol, incoming.provider_symbol, incoming.session_part,
    incoming.event_at, incoming.event_time_ns, incoming.price, incoming.size, incoming.currency, incoming.exchange, incoming.tape, incoming.trade_id, incoming.sequence, incoming.trade_id_number, incoming.sequence_number, incoming.conditions,
    incoming.volume_scope, incoming.quality, incoming.detail, incoming.extra, incoming.bar_start, incoming.bar_session_part, incoming.adds_volume, incoming.sets_high_low, incoming.sets_open_close, incoming.auction, incoming.synthetic,
    incoming.delay_s, incoming.requested_at, incoming.received_at, incoming.producer_id, incoming.producer_seq, incoming.kafka_topic, incoming.kafka_partition, incoming.kafka_offset,
    %(batch_id)s, contest.winner_id, %(batch_id)s
    FROM contest
    INNER JOIN incoming USING (trading_date, entity_id, event_id)
    WHERE contest.event_id <> contest.winner_id AND NOT contest.was_current AND NOT contest.was_superseded
    RETURNING symbol, feed, trading_date, event_type, entity_id
)
INSERT INTO changed (symbol, feed, trading_date, event_type, entity_id)
SELECT symbol, feed, trading_date, event_type, entity_id
FROM shelved
