-- severity: warning
-- Days that closed more than half above or a third below the day before: a split that nobody told us, or bad prices.

SELECT symbol, feed, previous_close, close, return_1d
FROM rollup.daily
WHERE trading_date = %(trading_date)s
  AND (return_1d > 0.5 OR return_1d < -0.34)
ORDER BY symbol, feed
