-- The data-quality checks of one date, the failing ones first. Read by the session report.
SELECT
    quality.check_name,
    quality.severity,
    quality.offending,
    quality.checked_at
FROM mart.fact_quality AS quality
WHERE quality.trading_date = %(trading_date)s
ORDER BY
    quality.offending = 0,
    quality.severity,
    quality.check_name
