-- Current versions that lost move to market.event_superseded.

WITH displaced AS (
    DELETE FROM market.event AS event
    USING contest
    WHERE contest.was_current AND contest.event_id <> contest.winner_id
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.trading_date = ANY(%(dates)s::date[])
    RETURNING event.*, contest.winner_id, contest.winner_action
),
--
kept AS (
    INSERT INTO market.event_superseded (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    batch_id, landed_at, superseded_by, superseded_batch_id
    )
    SELECT
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    batch_id, landed_at, winner_id, %(batch_id)s
    FROM displaced
)
INSERT INTO changed
SELECT
    symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, winner_id, winner_action
FROM displaced
