-- The runs of minutes of one status, of some symbols on one date, each symbol by one feed. Read by the session report.
SELECT
    coverage.symbol,
    coverage.feed,
    coalesce(coverage.range_start_local, coverage.range_start) AS range_start_local,
    coverage.session_part,
    coverage.minutes::integer AS minutes,
    coverage.status,
    coverage.reason
FROM mart.fact_coverage AS coverage
JOIN unnest(%(symbols)s::text[], %(feeds)s::text[]) AS drawn (symbol, feed) USING (symbol, feed)
WHERE coverage.trading_date = %(trading_date)s
  AND coverage.symbol = ANY (%(symbols)s)
ORDER BY
    coverage.symbol,
    coverage.range_start
