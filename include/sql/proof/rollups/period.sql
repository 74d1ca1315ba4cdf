-- Stored weeks and months of some symbols against the same computed again; right is 1 where every figure is the same.
-- Symbols with a day or a series that waits are left out. The braces hold rollups/period/query.sql.

WITH computed AS (
{query}
)
SELECT
    format(
        '%%s of %%s %%s',
        coalesce(computed.period, stored.period),
        coalesce(computed.symbol, stored.symbol),
        coalesce(computed.period_start, stored.period_start)
    ) AS place,
    1 AS left_count,
    CASE
        WHEN stored.symbol IS NULL OR computed.symbol IS NULL THEN 0
        WHEN (
            computed.period_end, computed.feed, computed.open, computed.high, computed.low,
            computed.close, computed.volume, computed.notional, computed.trade_count, computed.sessions,
            computed.return_pct, computed.coverage_pct, computed.state, computed.volume_scope
        ) IS DISTINCT FROM (
            stored.period_end, stored.feed, stored.open, stored.high, stored.low, stored.close,
            stored.volume, stored.notional, stored.trade_count, stored.sessions, stored.return_pct,
            stored.coverage_pct, stored.state, stored.volume_scope
        ) THEN 0
        ELSE 1
    END AS right_count
FROM computed
FULL JOIN (
    SELECT period.*
    FROM rollup.period
    JOIN unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
        ON wanted.symbol = period.symbol
       AND period.period_start >= date_trunc(period.period, wanted.from_date::timestamp)
) AS stored
    ON stored.symbol = computed.symbol
   AND stored.period = computed.period
   AND stored.period_start = computed.period_start
WHERE NOT EXISTS (
    SELECT FROM ops.dirty_series AS dirty WHERE dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
AND NOT EXISTS (
    SELECT FROM ops.dirty_day AS dirty WHERE dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
