-- severity: warning
-- Swept days of which we looked at less than 95 of 100 regular minutes.

SELECT daily.symbol, daily.feed, daily.minutes_expected, daily.minutes_covered, daily.coverage_pct
FROM rollup.daily
WHERE daily.trading_date = %(trading_date)s
  AND daily.coverage_pct < 95
  AND EXISTS (
      SELECT
      FROM ops.poll
      WHERE poll.trading_date = daily.trading_date
        AND poll.endpoint = 'trades'
        AND poll.feed = daily.feed
        AND poll.purpose = 'sweep'
  )
ORDER BY daily.symbol, daily.feed
