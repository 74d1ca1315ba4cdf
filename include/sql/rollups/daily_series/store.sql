-- Put the computed series of some symbols in place of the stored one, each from its date on: only what differs is
-- written, what vanished is removed. A final day that shows another figure this way is restated, each figure noted: once
-- with the day's own change when that was noted since the series was computed. Prices that only count in other shares are
-- told by their split factor. The braces hold daily_series/query.sql, which has the same parameters.

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
),
changed AS MATERIALIZED (
    SELECT
        day.symbol,
        day.trading_date,
        day.feed,
        figure.field,
        figure.old_value,
        figure.new_value,
        own.is_noted,
        CASE WHEN own.is_noted THEN day.version ELSE day.version + 1 END AS version,
        CASE
            WHEN figure.field = 'feed' THEN 'another feed covers the day best'
            WHEN before.factor_version <> computed.factor_version OR before.split_factor <> computed.split_factor
                THEN 'split'
            WHEN own.is_noted THEN 'the day''s own figures'
            WHEN figure.field = 'total_return_1d' AND before.return_1d IS NOT DISTINCT FROM computed.return_1d
                THEN 'dividend'
            ELSE 'an earlier day'
        END AS cause
    FROM computed
    JOIN rollup.daily_series AS before USING (symbol, trading_date)
    JOIN rollup.daily AS day
        ON day.symbol = computed.symbol
       AND day.trading_date = computed.trading_date
       AND day.feed = computed.feed
       AND day.state <> 'provisional'
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT
            FROM ops.daily_restatement AS told
            WHERE told.symbol = day.symbol
              AND told.trading_date = day.trading_date
              AND told.feed = day.feed
              AND told.version = day.version
              AND told.restated_at >= before.computed_at
        ) AS is_noted
    ) AS own
    CROSS JOIN LATERAL (
        VALUES
            ('feed', before.feed, computed.feed, false),
            ('split_factor', trim_scale(before.split_factor)::text, trim_scale(computed.split_factor)::text, false),
            ('return_1d', before.return_1d::text, computed.return_1d::text, false),
            ('total_return_1d', before.total_return_1d::text, computed.total_return_1d::text, false),
            ('gap_pct', before.gap_pct::text, computed.gap_pct::text, false),
            ('drawdown_pct', before.drawdown_pct::text, computed.drawdown_pct::text, false),
            ('true_range', before.true_range::text, computed.true_range::text, true),
            ('atr_14', before.atr_14::text, computed.atr_14::text, true),
            ('sma_20', before.sma_20::text, computed.sma_20::text, true),
            ('sma_50', before.sma_50::text, computed.sma_50::text, true),
            ('sma_200', before.sma_200::text, computed.sma_200::text, true),
            ('high_52w', before.high_52w::text, computed.high_52w::text, true),
            ('low_52w', before.low_52w::text, computed.low_52w::text, true)
    ) AS figure (field, old_value, new_value, is_in_shares)
    WHERE figure.old_value IS DISTINCT FROM figure.new_value
      AND NOT (figure.is_in_shares AND before.split_factor <> computed.split_factor)
),
noted AS (
    INSERT INTO ops.daily_restatement (symbol, trading_date, feed, version, field, old_value, new_value, cause)
    SELECT symbol, trading_date, feed, version, field, old_value, new_value, cause
    FROM changed
    ORDER BY symbol, trading_date, field
),
restated AS (
    UPDATE rollup.daily AS day
    SET state = 'restated',
        version = following.version
    FROM (SELECT DISTINCT symbol, trading_date, feed, version FROM changed WHERE NOT is_noted) AS following
    WHERE following.symbol = day.symbol
      AND following.trading_date = day.trading_date
      AND following.feed = day.feed
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
