-- severity: warning
-- Missing minutes of swept days that cite nothing.

SELECT coverage.symbol, coverage.feed, coverage.range_start, coverage.range_end, coverage.minutes
FROM rollup.coverage
WHERE coverage.trading_date = %(trading_date)s
  AND coverage.reason = 'unexplained'
  AND EXISTS (
      SELECT
      FROM ops.poll
      WHERE poll.trading_date = coverage.trading_date
        AND poll.endpoint = 'trades'
        AND poll.feed = coverage.feed
        AND poll.purpose = 'sweep'
  )
ORDER BY coverage.symbol, coverage.feed, coverage.range_start
