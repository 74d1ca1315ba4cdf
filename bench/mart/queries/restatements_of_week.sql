-- Restatements page: one week.
SELECT *
FROM mart.fact_restatement
WHERE trading_date >= %(week)s AND trading_date < %(week)s::date + 7
ORDER BY restated_at DESC
LIMIT 1000;
