-- A superseded version becomes current again when the receipt of its rival turned out to be earlier.

WITH promoted AS (
    DELETE FROM market.event_superseded AS event
    USING contest
    WHERE contest.was_superseded AND contest.event_id = contest.winner_id
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.event_id = contest.event_id
    RETURNING event.*
),
--
landed AS (
    INSERT INTO market.event (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    batch_id, landed_at
    )
    SELECT
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    batch_id, landed_at
    FROM promoted
)
INSERT INTO changed
SELECT
    symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, event_id, action
FROM promoted
