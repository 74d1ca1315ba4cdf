-- On which days the newest trade and quote of the touched symbols were, before this transaction.

SELECT latest.symbol, latest.feed, latest.trade_date, latest.quote_date
FROM (SELECT DISTINCT symbol, feed FROM changed WHERE event_type IN ('trade', 'quote')) AS touched
INNER JOIN market.latest AS latest USING (symbol, feed)
