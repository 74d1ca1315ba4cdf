-- The split-adjusted series of some symbols from a date on, one row per symbol and day: the feed that covered the day
-- best, then the preferred one. Simulated and replayed days enter only where a symbol has no others. A day's figures follow from the days before it, so what is stored before `from_dates`
-- is taken as right. Splits count from the day on which they are in the prices. Parameters (parallel arrays): symbols,
-- from_dates. Read by daily_series/store.sql, the data tests and the proof.

WITH wanted AS MATERIALIZED (
    SELECT symbol, from_date, rollup.has_live_day(symbol) AS is_live
    FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
),
-- Far enough back for 52 weeks and for 200 closes.
reach AS (
    SELECT
        wanted.symbol,
        wanted.from_date,
        least(wanted.from_date - 363, lookback.trading_date) AS start_date,
        newest.trading_date AS newest_date,
        told.splits AS factor_version,
        wanted.is_live,
        before.atr_14 AS atr_before,
        before.peak AS peak_before
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS splits
        FROM market.corporate_action AS action
        WHERE action.symbol = wanted.symbol
          AND action.action_type = 'split'
    ) AS told
    CROSS JOIN LATERAL (
        SELECT max(daily.trading_date) AS trading_date
        FROM rollup.daily
        WHERE daily.symbol = wanted.symbol
          AND daily.is_live = wanted.is_live
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT min(closes.trading_date) AS trading_date
        FROM (
            SELECT series.trading_date
            FROM rollup.daily_series AS series
            WHERE series.symbol = wanted.symbol
              AND series.trading_date < wanted.from_date
              AND series.adj_close IS NOT NULL
            ORDER BY series.trading_date DESC
            LIMIT 199
        ) AS closes
    ) AS lookback
    CROSS JOIN LATERAL (
        SELECT
            (array_agg(series.atr_14 ORDER BY series.trading_date DESC))[1] AS atr_14,
            max(series.adj_close) AS peak
        FROM rollup.daily_series AS series
        WHERE series.symbol = wanted.symbol
          AND series.trading_date < wanted.from_date
          AND series.adj_close IS NOT NULL
    ) AS before
),
chosen AS (
    SELECT DISTINCT ON (daily.symbol, daily.trading_date)
        daily.*,
        reach.from_date,
        reach.newest_date,
        reach.factor_version,
        reach.atr_before,
        reach.peak_before
    FROM reach
    JOIN rollup.daily
        ON daily.symbol = reach.symbol
       AND daily.trading_date >= reach.start_date
       AND daily.is_live = reach.is_live
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        daily.symbol,
        daily.trading_date,
        daily.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        daily.feed
),
-- Looked up row by row: the actions of a symbol are few, and a join would trust the planner's guess of their number.
adjusted AS (
    SELECT
        chosen.symbol,
        chosen.trading_date,
        chosen.feed,
        chosen.calendar,
        chosen.previous_date,
        chosen.from_date,
        chosen.atr_before,
        chosen.peak_before,
        chosen.factor_version,
        split.factor AS split_factor,
        round(chosen.open * split.factor, 6) AS adj_open,
        round(chosen.high * split.factor, 6) AS adj_high,
        round(chosen.low * split.factor, 6) AS adj_low,
        round(chosen.close * split.factor, 6) AS adj_close,
        round(chosen.volume / split.factor, 6) AS adj_volume,
        coalesce(dividend.cash_amount * split.factor, 0) AS adj_dividend
    FROM chosen
    CROSS JOIN LATERAL (
        SELECT market.product(action.split_from) / market.product(action.split_to) AS factor
        FROM market.corporate_action AS action
        WHERE action.symbol = chosen.symbol
          AND action.action_type = 'split'
          AND action.is_current
          AND action.ex_date > chosen.trading_date
          AND action.ex_date <= chosen.newest_date
    ) AS split
    -- A dividend is of the shares of its day, and falls to the first session on or after its date.
    CROSS JOIN LATERAL (
        SELECT sum(action.cash_amount) AS cash_amount
        FROM market.corporate_action AS action
        WHERE action.symbol = chosen.symbol
          AND action.action_type = 'cash_dividend'
          AND action.is_current
          AND action.ex_date > chosen.previous_date
          AND action.ex_date <= chosen.trading_date
    ) AS dividend
),
linked AS (
    SELECT
        adjusted.*,
        -- Only the calendar's session right before this one has the previous close; an older one is none.
        CASE
            WHEN lag(trading_date) OVER by_day = previous_date AND lag(calendar) OVER by_day = calendar
                THEN lag(adj_close) OVER by_day
        END AS previous_close
    FROM adjusted
    WINDOW by_day AS (PARTITION BY symbol ORDER BY trading_date)
),
ranged AS MATERIALIZED (
    SELECT
        linked.*,
        -- Without a previous close the day's own range.
        CASE
            WHEN adj_high IS NOT NULL AND adj_low IS NOT NULL
                THEN greatest(adj_high, previous_close) - least(adj_low, previous_close)
        END AS true_range
    FROM linked
),
-- Averages and extremes run over days that have a close.
measured AS (
    SELECT
        ranged.*,
        rollup.average_true_range_14(
            CASE WHEN atr_before IS NULL OR trading_date >= from_date THEN true_range END,
            atr_before
        ) OVER (PARTITION BY symbol ORDER BY trading_date ROWS UNBOUNDED PRECEDING) AS atr_14,
        CASE WHEN count(*) OVER last_20 = 20 THEN round(avg(adj_close) OVER last_20, 6) END AS sma_20,
        CASE WHEN count(*) OVER last_50 = 50 THEN round(avg(adj_close) OVER last_50, 6) END AS sma_50,
        CASE WHEN count(*) OVER last_200 = 200 THEN round(avg(adj_close) OVER last_200, 6) END AS sma_200,
        greatest(
            peak_before,
            max(adj_close) OVER (PARTITION BY symbol ORDER BY trading_date ROWS UNBOUNDED PRECEDING)
        ) AS peak,
        max(adj_high) OVER last_52_weeks AS high_52w,
        min(adj_low) OVER last_52_weeks AS low_52w
    FROM ranged
    WHERE adj_close IS NOT NULL
    WINDOW
        last_20 AS (PARTITION BY symbol ORDER BY trading_date ROWS 19 PRECEDING),
        last_50 AS (PARTITION BY symbol ORDER BY trading_date ROWS 49 PRECEDING),
        last_200 AS (PARTITION BY symbol ORDER BY trading_date ROWS 199 PRECEDING),
        last_52_weeks AS (PARTITION BY symbol ORDER BY trading_date RANGE INTERVAL '363 days' PRECEDING)
),
days AS (
    SELECT * FROM measured
    UNION ALL
    SELECT
        ranged.*,
        NULL AS atr_14,
        NULL AS sma_20,
        NULL AS sma_50,
        NULL AS sma_200,
        NULL AS peak,
        NULL AS high_52w,
        NULL AS low_52w
    FROM ranged
    WHERE adj_close IS NULL
)
SELECT
    symbol,
    trading_date,
    feed,
    split_factor,
    factor_version,
    adj_open,
    adj_high,
    adj_low,
    adj_close,
    adj_volume,
    round(adj_close / nullif(previous_close, 0) - 1, 8) AS return_1d,
    round((adj_close + adj_dividend) / nullif(previous_close, 0) - 1, 8) AS total_return_1d,
    round(100 * (adj_open / nullif(previous_close, 0) - 1), 6) AS gap_pct,
    true_range,
    atr_14,
    sma_20,
    sma_50,
    sma_200,
    round(100 * (adj_close / nullif(peak, 0) - 1), 6) AS drawdown_pct,
    high_52w,
    low_52w
FROM days
WHERE trading_date >= from_date
