-- Completeness page: minutes of one day by symbol and reason.
SELECT symbol, feed, reason, sum(minutes)
FROM mart.fact_coverage_day
WHERE trading_date = %(day)s
GROUP BY symbol, feed, reason;
