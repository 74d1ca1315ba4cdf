-- One partition of Daily: a month, as the model's range filter folds.
SELECT *
FROM mart.fact_daily
WHERE trading_date >= %(month)s AND trading_date < (%(month)s::date + INTERVAL '1 month')::date
