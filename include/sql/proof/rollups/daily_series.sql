-- Stored series of some symbols against the same series computed again; right is 1 where every figure is the same.
-- Symbols with a day or a series that waits are left out. The braces hold rollups/daily_series/query.sql.

WITH computed AS (
{query}
)
SELECT
    format(
        'series of %%s %%s',
        coalesce(computed.symbol, stored.symbol),
        coalesce(computed.trading_date, stored.trading_date)
    ) AS place,
    1 AS left_count,
    CASE
        WHEN stored.symbol IS NULL OR computed.symbol IS NULL THEN 0
        WHEN (
            computed.feed, computed.split_factor, computed.factor_version, computed.adj_open,
            computed.adj_high, computed.adj_low, computed.adj_close, computed.adj_volume,
            computed.previous_close, computed.previous_close_date, computed.previous_close_feed,
            computed.return_1d, computed.total_return_1d, computed.gap_pct, computed.true_range,
            computed.atr_14, computed.sma_20, computed.sma_50, computed.sma_200, computed.drawdown_pct,
            computed.high_52w, computed.low_52w
        ) IS DISTINCT FROM (
            stored.feed, stored.split_factor, stored.factor_version, stored.adj_open, stored.adj_high,
            stored.adj_low, stored.adj_close, stored.adj_volume, stored.previous_close,
            stored.previous_close_date, stored.previous_close_feed, stored.return_1d,
            stored.total_return_1d, stored.gap_pct, stored.true_range, stored.atr_14, stored.sma_20,
            stored.sma_50, stored.sma_200, stored.drawdown_pct, stored.high_52w, stored.low_52w
        ) THEN 0
        ELSE 1
    END AS right_count
FROM computed
FULL JOIN (
    SELECT series.*
    FROM rollup.daily_series AS series
    JOIN unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
        ON wanted.symbol = series.symbol
       AND wanted.from_date <= series.trading_date
) AS stored
    ON stored.symbol = computed.symbol
   AND stored.trading_date = computed.trading_date
WHERE NOT EXISTS (
    SELECT FROM ops.dirty_series AS dirty WHERE dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
AND NOT EXISTS (
    SELECT FROM ops.dirty_day AS dirty WHERE dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
