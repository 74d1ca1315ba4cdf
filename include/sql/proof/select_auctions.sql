-- The official prices of the rolled-up days of one feed that wait for no computation; null where there was no auction.

SELECT
    symbol,
    CASE WHEN open_basis = 'auction' THEN open END AS official_open,
    CASE WHEN close_basis IN ('auction', 'correction') THEN close END AS official_close
FROM rollup.daily
WHERE trading_date = %(trading_date)s
  AND feed = %(feed)s
  AND calendar IS NOT NULL
  AND NOT EXISTS (
      SELECT
      FROM ops.dirty_day AS dirty
      WHERE dirty.trading_date = daily.trading_date
        AND dirty.symbol = daily.symbol
  )
ORDER BY symbol
