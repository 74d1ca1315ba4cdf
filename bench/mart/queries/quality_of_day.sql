-- Completeness page: what the checks found.
SELECT *
FROM mart.fact_quality
WHERE trading_date = %(day)s;
