-- One day of an incremental refresh, as the range filter on a date-and-time folds.
SELECT *
FROM mart.fact_daily
WHERE trading_date >= %(day)s::timestamp AND trading_date < %(day)s::timestamp + INTERVAL '1 day';
