-- The split-adjusted series of some symbols from a date on, one row per symbol and day: the feed that covered the day
-- best, then the preferred one. A day's figures follow from the days before it, so what is stored before `from_dates`
-- is taken as right. Splits count from the day on which they are in the prices. Parameters (parallel arrays): symbols,
-- from_dates. Read by daily_series/store.sql, the data tests and the proof.

WITH wanted AS (
    SELECT symbol, from_date
    FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
),
-- Far enough back for 52 weeks and for 200 closes.
reach AS (
    SELECT
        wanted.symbol,
        wanted.from_date,
        least(wanted.from_date - 363, lookback.trading_date) AS start_date,
        newest.trading_date AS newest_date,
        before.atr_14 AS atr_before,
        before.peak AS peak_before
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT max(daily.trading_date) AS trading_date
        FROM rollup.daily
        WHERE daily.symbol = wanted.symbol
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
        reach.atr_before,
        reach.peak_before
    FROM reach
    JOIN rollup.daily
        ON daily.symbol = reach.symbol
       AND daily.trading_date >= reach.start_date
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        daily.symbol,
        daily.trading_date,
        daily.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        daily.feed
),
split AS (
    SELECT
        chosen.symbol,
        chosen.trading_date,
        market.product(action.split_from) / market.product(action.split_to) AS factor
    FROM chosen
    JOIN market.corporate_action AS action
        ON action.symbol = chosen.symbol
       AND action.action_type = 'split'
       AND action.is_current
       AND action.ex_date > chosen.trading_date
       AND action.ex_date <= chosen.newest_date
    GROUP BY chosen.symbol, chosen.trading_date
),
told AS (
    SELECT symbol, count(*) AS splits
    FROM market.corporate_action
    WHERE symbol = ANY (%(symbols)s)
      AND action_type = 'split'
    GROUP BY symbol
),
-- A dividend is of the shares of its day, and falls to the first session on or after its date.
dividend AS (
    SELECT chosen.symbol, chosen.trading_date, sum(action.cash_amount) AS cash_amount
    FROM chosen
    JOIN market.corporate_action AS action
        ON action.symbol = chosen.symbol
       AND action.action_type = 'cash_dividend'
       AND action.is_current
       AND action.ex_date > chosen.previous_date
       AND action.ex_date <= chosen.trading_date
    GROUP BY chosen.symbol, chosen.trading_date
),
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
        coalesce(split.factor, 1) AS split_factor,
        coalesce(told.splits, 0) AS factor_version,
        round(chosen.open * coalesce(split.factor, 1), 6) AS adj_open,
        round(chosen.high * coalesce(split.factor, 1), 6) AS adj_high,
        round(chosen.low * coalesce(split.factor, 1), 6) AS adj_low,
        round(chosen.close * coalesce(split.factor, 1), 6) AS adj_close,
        round(chosen.volume / coalesce(split.factor, 1), 6) AS adj_volume,
        coalesce(dividend.cash_amount * coalesce(split.factor, 1), 0) AS adj_dividend
    FROM chosen
    LEFT JOIN split USING (symbol, trading_date)
    LEFT JOIN dividend USING (symbol, trading_date)
    LEFT JOIN told USING (symbol)
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
ranged AS (
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
        symbol,
        trading_date,
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
)
SELECT
    ranged.symbol,
    ranged.trading_date,
    ranged.feed,
    ranged.split_factor,
    ranged.factor_version::integer AS factor_version,
    ranged.adj_open,
    ranged.adj_high,
    ranged.adj_low,
    ranged.adj_close,
    ranged.adj_volume,
    round(ranged.adj_close / nullif(ranged.previous_close, 0) - 1, 8) AS return_1d,
    round((ranged.adj_close + ranged.adj_dividend) / nullif(ranged.previous_close, 0) - 1, 8) AS total_return_1d,
    round(100 * (ranged.adj_open / nullif(ranged.previous_close, 0) - 1), 6) AS gap_pct,
    ranged.true_range,
    measured.atr_14,
    measured.sma_20,
    measured.sma_50,
    measured.sma_200,
    round(100 * (ranged.adj_close / nullif(measured.peak, 0) - 1), 6) AS drawdown_pct,
    measured.high_52w,
    measured.low_52w
FROM ranged
LEFT JOIN measured USING (symbol, trading_date)
WHERE ranged.trading_date >= ranged.from_date
