-- What is compared: how many rows, two sums, and a hash over all fields of the rows in the order of their ids.
-- {source} is one of the views below.

SELECT
    count(*),
    coalesce(sum(size), 0),
    coalesce(sum(price * size), 0),
    coalesce(md5(string_agg(digest, '' ORDER BY event_id)), '')
FROM (
    SELECT
        event_id,
        size,
        price,
        md5(ROW(
            entity_id, event_id, event_type, action, provider, endpoint, feed, synthetic, symbol, provider_symbol,
            session_part, trading_date, event_at, event_time_ns, price, size, currency, exchange, tape, trade_id,
            conditions, volume_scope, requested_at, received_at, producer_id, producer_seq
        )::text) AS digest
    FROM {source}
) AS row
