-- severity: error
-- Trades whose bar is not the minute of their own time.

SELECT symbol, feed, event_id, event_at, bar_start
FROM market.event
WHERE trading_date = %(trading_date)s
  AND event_type = 'trade'
  AND bar_start <> date_trunc('minute', event_at)
ORDER BY symbol, feed, event_at
