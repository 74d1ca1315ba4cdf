-- severity: error
-- Computed days that are not the sum of their bars. A day that waits for its computation is left out.

SELECT
    daily.symbol,
    daily.feed,
    daily.volume,
    bars.volume AS volume_of_bars,
    daily.notional,
    bars.notional AS notional_of_bars,
    daily.trade_count,
    bars.trade_count AS trade_count_of_bars
FROM rollup.daily
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(bar.volume) FILTER (WHERE bar.session_part = 'regular'), 0) AS volume,
        coalesce(sum(bar.notional) FILTER (WHERE bar.session_part = 'regular'), 0) AS notional,
        coalesce(sum(bar.trade_count) FILTER (WHERE bar.session_part = 'regular'), 0) AS trade_count,
        coalesce(sum(bar.volume) FILTER (WHERE bar.session_part = 'pre'), 0) AS volume_pre,
        coalesce(sum(bar.volume) FILTER (WHERE bar.session_part = 'post'), 0) AS volume_post,
        max(bar.high) FILTER (WHERE bar.session_part = 'regular') AS high,
        min(bar.low) FILTER (WHERE bar.session_part = 'regular') AS low
    FROM market.bar_1m AS bar
    WHERE bar.trading_date = daily.trading_date
      AND bar.symbol = daily.symbol
      AND bar.feed = daily.feed
) AS bars
WHERE daily.trading_date = %(trading_date)s
  AND NOT EXISTS (
      SELECT
      FROM ops.dirty_day AS dirty
      WHERE dirty.symbol = daily.symbol
        AND dirty.trading_date = daily.trading_date
  )
  AND (daily.volume, daily.notional, daily.trade_count, daily.volume_pre, daily.volume_post, daily.high, daily.low)
      IS DISTINCT FROM
      (bars.volume, bars.notional, bars.trade_count, bars.volume_pre, bars.volume_post, bars.high, bars.low)
ORDER BY daily.symbol, daily.feed
