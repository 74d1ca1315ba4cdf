-- Stored days against the same days computed again; right is 1 where every figure is the same. Days that wait for their
-- computation are left out, and coverage counts only when no poll came since. The braces hold rollups/daily/query.sql.

WITH computed AS (
{query}
)
SELECT
    format('%%s %%s %%s', coalesce(computed.symbol, stored.symbol), %(trading_date)s::date, coalesce(computed.feed, stored.feed))
        AS place,
    1 AS left_count,
    CASE
        WHEN stored.symbol IS NULL OR computed.symbol IS NULL THEN 0
        WHEN (
            computed.open, computed.high, computed.low, computed.close, computed.open_basis, computed.close_basis,
            computed.volume, computed.notional, computed.trade_count, computed.volume_pre, computed.volume_post,
            computed.trade_count_pre, computed.trade_count_post, computed.volume_scope, computed.previous_close,
            computed.realised_volatility, computed.minutes_expected, computed.minutes_with_trades, computed.previous_date,
            computed.next_date, computed.delay_s, computed.is_synthetic
        ) IS DISTINCT FROM (
            stored.open, stored.high, stored.low, stored.close, stored.open_basis, stored.close_basis,
            stored.volume, stored.notional, stored.trade_count, stored.volume_pre, stored.volume_post,
            stored.trade_count_pre, stored.trade_count_post, stored.volume_scope, stored.previous_close,
            stored.realised_volatility, stored.minutes_expected, stored.minutes_with_trades, stored.previous_date,
            stored.next_date, stored.delay_s, stored.is_synthetic
        ) THEN 0
        WHEN computed.poll_id IS NOT DISTINCT FROM stored.poll_id
            AND computed.minutes_covered IS DISTINCT FROM stored.minutes_covered THEN 0
        ELSE 1
    END AS right_count
FROM computed
FULL JOIN (
    SELECT * FROM rollup.daily WHERE trading_date = %(trading_date)s AND symbol = ANY (%(symbols)s)
) AS stored
    ON stored.symbol = computed.symbol
   AND stored.feed = computed.feed
WHERE NOT EXISTS (
    SELECT
    FROM ops.dirty_day AS dirty
    WHERE dirty.trading_date = %(trading_date)s
      AND dirty.symbol = coalesce(computed.symbol, stored.symbol)
)
-- A subscription that came after the computation, or a symbol that has not traded yet, waits for its computation too.
AND NOT (stored.symbol IS NULL AND computed.trade_count + computed.trade_count_pre + computed.trade_count_post = 0)
AND NOT (
    stored.symbol IS NOT NULL AND computed.symbol IS NOT NULL AND computed.calendar IS DISTINCT FROM stored.calendar
)
