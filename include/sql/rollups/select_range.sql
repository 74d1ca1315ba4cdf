-- Every day between two dates (either may be null: no bound) that has bars, subscriptions or a stored rollup,
-- with its symbols.

SELECT trading_date, array_agg(DISTINCT symbol ORDER BY symbol) AS symbols
FROM (
    SELECT trading_date, symbol FROM market.bar_1m
    UNION
    SELECT trading_date, symbol FROM market.subscription
    UNION
    SELECT trading_date, symbol FROM rollup.daily
) AS known
WHERE trading_date >= coalesce(%(date_from)s::date, '-infinity')
  AND trading_date <= coalesce(%(date_to)s::date, 'infinity')
GROUP BY trading_date
ORDER BY trading_date
