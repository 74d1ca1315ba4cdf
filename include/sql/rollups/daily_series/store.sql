-- Put the computed series of some symbols in place of the stored one, each from its date on: only what differs is
-- written, what vanished is removed. The braces hold daily_series/query.sql, which has the same parameters.

WITH computed AS MATERIALIZED (
{query}
),
removed AS (
    DELETE FROM rollup.daily_series AS stored
    USING unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
    WHERE stored.symbol = wanted.symbol
      AND stored.trading_date >= wanted.from_date
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = stored.symbol
            AND computed.trading_date = stored.trading_date
      )
)
INSERT INTO rollup.daily_series AS stored (
    symbol, trading_date, feed, split_factor, factor_version, adj_open, adj_high, adj_low, adj_close, adj_volume,
    previous_close, previous_close_date, previous_close_feed,
    return_1d, total_return_1d, gap_pct, true_range, atr_14, sma_20, sma_50, sma_200, drawdown_pct, high_52w, low_52w
)
SELECT
    symbol, trading_date, feed, split_factor, factor_version, adj_open, adj_high, adj_low, adj_close, adj_volume,
    previous_close, previous_close_date, previous_close_feed,
    return_1d, total_return_1d, gap_pct, true_range, atr_14, sma_20, sma_50, sma_200, drawdown_pct, high_52w, low_52w
FROM computed
ON CONFLICT (symbol, trading_date) DO UPDATE SET
    feed = excluded.feed,
    split_factor = excluded.split_factor,
    factor_version = excluded.factor_version,
    adj_open = excluded.adj_open,
    adj_high = excluded.adj_high,
    adj_low = excluded.adj_low,
    adj_close = excluded.adj_close,
    adj_volume = excluded.adj_volume,
    previous_close = excluded.previous_close,
    previous_close_date = excluded.previous_close_date,
    previous_close_feed = excluded.previous_close_feed,
    return_1d = excluded.return_1d,
    total_return_1d = excluded.total_return_1d,
    gap_pct = excluded.gap_pct,
    true_range = excluded.true_range,
    atr_14 = excluded.atr_14,
    sma_20 = excluded.sma_20,
    sma_50 = excluded.sma_50,
    sma_200 = excluded.sma_200,
    drawdown_pct = excluded.drawdown_pct,
    high_52w = excluded.high_52w,
    low_52w = excluded.low_52w,
    computed_at = now()
WHERE (
    stored.feed, stored.split_factor, stored.factor_version, stored.adj_open, stored.adj_high, stored.adj_low,
    stored.adj_close, stored.adj_volume, stored.previous_close,
    stored.previous_close_date, stored.previous_close_feed, stored.return_1d, stored.total_return_1d, stored.gap_pct, stored.true_range,
    stored.atr_14, stored.sma_20, stored.sma_50, stored.sma_200, stored.drawdown_pct, stored.high_52w, stored.low_52w
) IS DISTINCT FROM (
    excluded.feed, excluded.split_factor, excluded.factor_version, excluded.adj_open, excluded.adj_high,
    excluded.adj_low, excluded.adj_close, excluded.adj_volume, excluded.previous_close,
    excluded.previous_close_date, excluded.previous_close_feed, excluded.return_1d, excluded.total_return_1d,
    excluded.gap_pct, excluded.true_range, excluded.atr_14, excluded.sma_20, excluded.sma_50, excluded.sma_200,
    excluded.drawdown_pct, excluded.high_52w, excluded.low_52w
)
