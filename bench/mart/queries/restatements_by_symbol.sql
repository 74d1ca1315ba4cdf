-- Restatements page: one week counted.
SELECT symbol, cause, count(*)
FROM mart.fact_restatement
WHERE trading_date >= %(week)s AND trading_date < %(week)s::date + 7
GROUP BY symbol, cause;
