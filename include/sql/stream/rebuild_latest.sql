-- The newest price-setting trade and the newest quote of the touched symbols, from the current versions of the
-- given days; all days when `dates` is null. The order is that of the bars.

INSERT INTO market.latest AS latest (
    symbol, feed, price, size, trade_at, trade_time_ns, trade_event_id, trade_date, bid, ask, quote_at, quote_date,
    received_at, delay_s
)
SELECT
    touched.symbol,
    touched.feed,
    trade.price,
    trade.size,
    trade.event_at,
    trade.event_time_ns,
    trade.event_id,
    trade.trading_date,
    quote.bid,
    quote.ask,
    quote.event_at,
    quote.trading_date,
    greatest(trade.received_at, quote.received_at),
    coalesce(trade.delay_s, quote.delay_s)
FROM (SELECT DISTINCT symbol, feed FROM changed WHERE event_type IN ('trade', 'quote')) AS touched
LEFT JOIN LATERAL (
    SELECT event.price, event.size, event.event_at, event.event_time_ns, event.event_id, event.trading_date,
        event.received_at, event.delay_s
    FROM market.event AS event
    WHERE event.symbol = touched.symbol
        AND event.feed = touched.feed
        AND event.event_type = 'trade'
        AND event.action <> 'cancel'
        AND event.sets_open_close
        AND (%(dates)s::date[] IS NULL OR event.trading_date = ANY(%(dates)s::date[]))
    ORDER BY
        event.event_time_ns DESC,
        event.sequence_number DESC NULLS LAST,
        event.trade_id_number DESC NULLS LAST,
        event.event_id DESC
    LIMIT 1
) AS trade ON true
LEFT JOIN LATERAL (
    SELECT
        (event.detail ->> 'bid')::numeric AS bid,
        (event.detail ->> 'ask')::numeric AS ask,
        event.event_at,
        event.trading_date,
        event.received_at,
        event.delay_s
    FROM market.event AS event
    WHERE event.symbol = touched.symbol
        AND event.feed = touched.feed
        AND event.event_type = 'quote'
        AND event.action <> 'cancel'
        AND (%(dates)s::date[] IS NULL OR event.trading_date = ANY(%(dates)s::date[]))
    ORDER BY event.event_time_ns DESC, event.event_id DESC
    LIMIT 1
) AS quote ON true
ORDER BY touched.symbol, touched.feed
ON CONFLICT (symbol, feed) DO UPDATE
SET
    price = excluded.price,
    size = excluded.size,
    trade_at = excluded.trade_at,
    trade_time_ns = excluded.trade_time_ns,
    trade_event_id = excluded.trade_event_id,
    trade_date = excluded.trade_date,
    bid = excluded.bid,
    ask = excluded.ask,
    quote_at = excluded.quote_at,
    quote_date = excluded.quote_date,
    received_at = excluded.received_at,
    delay_s = excluded.delay_s,
    updated_at = now()
RETURNING latest.symbol, latest.feed, latest.trade_time_ns, latest.quote_at
