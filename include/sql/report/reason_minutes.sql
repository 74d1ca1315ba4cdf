-- Minutes of one date by symbol, feed, session part and reason ('received' for those that came). Read by the session report.
SELECT
    coverage.symbol,
    coverage.feed,
    coverage.session_part,
    coverage.reason,
    coverage.minutes::integer AS minutes
FROM mart.fact_coverage_day AS coverage
WHERE coverage.trading_date = %(trading_date)s
ORDER BY
    coverage.symbol,
    coverage.feed,
    coverage.session_part,
    coverage.reason
