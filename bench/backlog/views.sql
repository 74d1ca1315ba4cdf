-- The same columns of both schemas: ours keeps ids as uuid and conditions as an array. What was there before the run is
-- not compared.

CREATE VIEW bench.of_market_event AS
SELECT
    replace(entity_id::text, '-', '') AS entity_id,
    replace(event_id::text, '-', '') AS event_id,
    event_type, action, provider, endpoint, feed, synthetic, symbol, provider_symbol, session_part, trading_date,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id,
    to_json(conditions)::text AS conditions,
    volume_scope, requested_at, received_at, producer_id, producer_seq
FROM market.event
WHERE landed_at > (SELECT began_at FROM bench.run)
