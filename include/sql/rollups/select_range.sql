-- Every day between two dates (either may be null: no bound) that has bars, subscriptions or a stored rollup, with its
-- symbols, and whether its events were dropped by retention: what was computed from those cannot be computed again.
-- Read by the rollups and the proof. Bars are many, so their days and symbols are read by leaps through the index.

WITH RECURSIVE bar AS (
    (
        SELECT trading_date, symbol
        FROM market.bar_1m
        WHERE trading_date >= coalesce(%(date_from)s::date, '-infinity')
          AND trading_date <= coalesce(%(date_to)s::date, 'infinity')
        ORDER BY trading_date, symbol
        LIMIT 1
    )
    UNION ALL
    SELECT following.trading_date, following.symbol
    FROM bar
    CROSS JOIN LATERAL (
        SELECT bar_1m.trading_date, bar_1m.symbol
        FROM market.bar_1m
        WHERE (bar_1m.trading_date, bar_1m.symbol) > (bar.trading_date, bar.symbol)
          AND bar_1m.trading_date <= coalesce(%(date_to)s::date, 'infinity')
        ORDER BY bar_1m.trading_date, bar_1m.symbol
        LIMIT 1
    ) AS following
)
SELECT
    trading_date,
    array_agg(DISTINCT symbol ORDER BY symbol) AS symbols,
    EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = known.trading_date) AS is_sealed
FROM (
    SELECT trading_date, symbol FROM bar
    UNION
    SELECT trading_date, symbol FROM market.subscription
    UNION
    SELECT trading_date, symbol FROM rollup.daily
) AS known
WHERE trading_date >= coalesce(%(date_from)s::date, '-infinity')
  AND trading_date <= coalesce(%(date_to)s::date, 'infinity')
GROUP BY trading_date
ORDER BY trading_date
