-- severity: error
-- Bars whose prices are out of order. Whatever may set an open or a close may set a high and a low too.

SELECT symbol, feed, bar_start, session_part, open, high, low, close
FROM market.bar_1m
WHERE trading_date = %(trading_date)s
  AND (
      low > high
      OR open NOT BETWEEN low AND high
      OR close NOT BETWEEN low AND high
      OR low <= 0
      OR (open IS NULL) <> (close IS NULL)
      OR (high IS NULL) <> (low IS NULL)
      OR (open IS NOT NULL AND high IS NULL)
  )
ORDER BY symbol, feed, bar_start
