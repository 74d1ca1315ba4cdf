-- Minutes of one date by symbol, feed, session part and reason: 'received' for those that came, 'late' for those that
-- came late, whatever held them up. Read by the session report.
SELECT
    coverage.symbol,
    coverage.feed,
    coverage.session_part,
    CASE coverage.status WHEN 'late' THEN 'late' ELSE coalesce(coverage.reason, 'received') END AS reason,
    sum(coverage.minutes)::integer AS minutes
FROM mart.fact_coverage AS coverage
WHERE coverage.trading_date = %(trading_date)s
GROUP BY
    coverage.symbol,
    coverage.feed,
    coverage.session_part,
    CASE coverage.status WHEN 'late' THEN 'late' ELSE coalesce(coverage.reason, 'received') END
ORDER BY
    coverage.symbol,
    coverage.feed,
    coverage.session_part,
    reason
