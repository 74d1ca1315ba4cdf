-- The cursors of one endpoint on one day, one row a symbol.
SELECT
    symbol,
    next_at
FROM ops.cursor
WHERE provider = %(provider)s
  AND feed = %(feed)s
  AND endpoint = %(endpoint)s
  AND trading_date = %(trading_date)s
  AND symbol = ANY(%(symbols)s);
