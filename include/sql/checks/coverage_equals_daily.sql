-- severity: error
-- Computed days whose minutes are not those of the coverage beside them.

SELECT
    daily.symbol,
    daily.feed,
    daily.minutes_expected,
    counted.expected,
    daily.minutes_with_trades,
    counted.with_trades,
    daily.minutes_covered,
    counted.covered
FROM rollup.daily
CROSS JOIN LATERAL (
    SELECT
        sum(coverage.minutes) AS expected,
        coalesce(sum(coverage.minutes) FILTER (WHERE coverage.status <> 'missing'), 0) AS with_trades,
        sum(coverage.minutes) - coalesce(sum(coverage.minutes) FILTER (
            WHERE coverage.status = 'missing'
              AND coverage.reason IN ('dead_lettered', 'lost', 'not_landed', 'our_outage', 'provider_gap', 'unexplained')
        ), 0) AS covered
    FROM rollup.coverage
    WHERE coverage.symbol = daily.symbol
      AND coverage.feed = daily.feed
      AND coverage.trading_date = daily.trading_date
      AND coverage.session_part = 'regular'
) AS counted
WHERE daily.trading_date = %(trading_date)s
  -- Without a subscription nothing was promised.
  AND daily.minutes_expected IS NOT NULL
  AND (daily.minutes_expected, daily.minutes_with_trades, daily.minutes_covered)
      IS DISTINCT FROM
      (counted.expected, counted.with_trades, counted.covered)
ORDER BY daily.symbol, daily.feed
