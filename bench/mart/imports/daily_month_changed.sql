-- Whether a partition of Daily or Bars has to be loaded again.
SELECT max(computed_at)
FROM mart.fact_daily
WHERE trading_date >= %(month)s AND trading_date < (%(month)s::date + INTERVAL '1 month')::date
