-- Stored bars of one day against the same bars computed again; right is 1 where every figure is the same. Days that wait
-- for their computation are left out. The braces hold rollups/bar/query.sql.

WITH computed AS (
{query}
)
SELECT
    format(
        '%%s %%s %%s %%s min %%s',
        coalesce(computed.symbol, stored.symbol),
        coalesce(computed.feed, stored.feed),
        coalesce(computed.bar_start, stored.bar_start),
        coalesce(computed.interval_min, stored.interval_min),
        coalesce(computed.session_part, stored.session_part)
    ) AS place,
    1 AS left_count,
    CASE
        WHEN stored.symbol IS NULL OR computed.symbol IS NULL THEN 0
        WHEN (
            computed.trading_date, computed.open, computed.high, computed.low, computed.close,
            computed.volume, computed.notional, computed.trade_count, computed.minutes_with_trades,
            computed.is_restated, computed.is_preferred, computed.volume_scope
        ) IS DISTINCT FROM (
            stored.trading_date, stored.open, stored.high, stored.low, stored.close, stored.volume,
            stored.notional, stored.trade_count, stored.minutes_with_trades, stored.is_restated,
            stored.is_preferred, stored.volume_scope
        ) THEN 0
        ELSE 1
    END AS right_count
FROM computed
FULL JOIN (
    SELECT * FROM rollup.bar WHERE trading_date = %(trading_date)s AND symbol = ANY (%(symbols)s)
) AS stored
    ON stored.symbol = computed.symbol
   AND stored.feed = computed.feed
   AND stored.interval_min = computed.interval_min
   AND stored.bar_start = computed.bar_start
   AND stored.session_part = computed.session_part
WHERE NOT EXISTS (
    SELECT
    FROM ops.dirty_day AS dirty
    WHERE dirty.trading_date = %(trading_date)s
      AND dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
