-- Who of these symbols is watched on that day already from another feed that tells the same facts, one row a feed.
SELECT
    feed,
    array_agg(symbol ORDER BY symbol) AS symbols
FROM market.subscription
WHERE trading_date = %(trading_date)s
  AND symbol = ANY(%(symbols)s)
  AND provider = %(provider)s
  AND feed = ANY(%(feeds_alike)s)
GROUP BY feed
ORDER BY feed;
