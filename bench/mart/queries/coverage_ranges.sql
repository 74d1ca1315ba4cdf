-- Completeness page: when one day's minutes were missing.
SELECT *
FROM mart.fact_coverage
WHERE trading_date = %(day)s
  AND status = 'missing';
