-- The recorded days between two dates (either may be null: no bound) whose events are still kept, with their symbols.

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
  AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = known.trading_date)
GROUP BY trading_date
ORDER BY trading_date
