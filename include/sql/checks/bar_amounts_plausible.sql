-- severity: error
-- Bars with a negative volume or notional, or without a trade.

SELECT symbol, feed, bar_start, session_part, volume, notional, trade_count
FROM market.bar_1m
WHERE trading_date = %(trading_date)s
  AND (volume < 0 OR notional < 0 OR trade_count < 1)
ORDER BY symbol, feed, bar_start
