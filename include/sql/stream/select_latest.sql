-- The newest trade and quote of the touched symbols, and on which days they are, before this transaction.

SELECT
    latest.symbol,
    latest.feed,
    latest.trade_date,
    latest.trade_time_ns,
    latest.quote_date,
    latest.quote_at
FROM (SELECT DISTINCT symbol, feed FROM changed WHERE event_type IN ('trade', 'quote')) AS touched
INNER JOIN market.latest AS latest USING (symbol, feed)
