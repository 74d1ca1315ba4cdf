-- The whole table, as every refresh reads it.
SELECT *
FROM mart.fact_coverage_day
