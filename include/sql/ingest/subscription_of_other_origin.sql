-- Who of these symbols is watched on that day from the same feed of the other kind of market: a simulated one where this
-- one is real, a real one where this one is simulated. No row when nobody is.
SELECT array_agg(symbol ORDER BY symbol) AS symbols
FROM market.subscription
WHERE trading_date = %(trading_date)s
  AND symbol = ANY(%(symbols)s)
  AND feed = %(feed)s
  AND synthetic <> %(synthetic)s
HAVING count(*) > 0;
