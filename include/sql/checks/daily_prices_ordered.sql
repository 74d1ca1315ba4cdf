-- severity: error
-- Computed days whose prices are out of order. An official report may lie outside the range of the trades.

SELECT symbol, feed, open, open_basis, high, low, close, close_basis
FROM rollup.daily
WHERE trading_date = %(trading_date)s
  AND (
      low > high
      OR (open_basis <> 'report' AND open NOT BETWEEN low AND high)
      OR (close_basis NOT IN ('report', 'correction') AND close NOT BETWEEN low AND high)
  )
ORDER BY symbol, feed
