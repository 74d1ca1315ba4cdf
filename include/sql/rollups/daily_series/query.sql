-- The split-adjusted series of some symbols from a date on, one row per symbol and day: the feed that covered the day
-- best, then the preferred one. Simulated and replayed days enter only where a symbol has no others. A series
-- is of one company: it goes on where the company got another symbol and ends where the symbol passed to another company.
-- A day's figures follow from the days before it, so what is stored before `from_dates` is taken as right. Splits count
-- from the day on which they are in the prices. Parameters (parallel arrays): symbols, from_dates. Read by
-- daily_series/store.sql, the data tests and the proof.

WITH wanted AS MATERIALIZED (
    SELECT symbol, from_date, rollup.has_live_day(symbol) AS is_live
    FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
),
-- Whose days the series of a symbol are made of: of each company that had it, all symbols. What is not listed is itself.
parts AS MATERIALIZED (
    SELECT
        wanted.symbol AS series_symbol,
        coalesce(own.company, wanted.symbol) AS company,
        coalesce(part.symbol, wanted.symbol) AS symbol,
        coalesce(part.from_date, '-infinity') AS first_date,
        coalesce(part.until_date, 'infinity') AS last_date
    FROM wanted
    LEFT JOIN (SELECT DISTINCT symbol, company FROM market.listing) AS own ON own.symbol = wanted.symbol
    LEFT JOIN market.listing AS part ON part.company = own.company
),
companies AS MATERIALIZED (
    SELECT series_symbol, company, array_agg(symbol) AS symbols
    FROM parts
    GROUP BY series_symbol, company
),
-- Far enough back for 52 weeks and for 200 closes.
reach AS MATERIALIZED (
    SELECT
        wanted.symbol AS series_symbol,
        companies.company,
        companies.symbols,
        wanted.from_date,
        least(wanted.from_date - 363, lookback.trading_date) AS start_date,
        newest.trading_date AS newest_date,
        told.splits AS factor_version,
        wanted.is_live,
        before.atr_14 AS atr_before,
        before.peak AS peak_before
    FROM wanted
    JOIN companies ON companies.series_symbol = wanted.symbol
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS splits
        FROM market.corporate_action AS action
        WHERE action.symbol = ANY (companies.symbols)
          AND action.action_type = 'split'
    ) AS told
    CROSS JOIN LATERAL (
        SELECT max(known.trading_date) AS trading_date
        FROM parts
        CROSS JOIN LATERAL (
            SELECT max(daily.trading_date) AS trading_date
            FROM rollup.daily
            WHERE daily.symbol = parts.symbol
              AND daily.trading_date BETWEEN parts.first_date AND parts.last_date
              AND daily.is_live = wanted.is_live
        ) AS known
        WHERE parts.series_symbol = wanted.symbol
          AND parts.company = companies.company
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT min(closes.trading_date) AS trading_date
        FROM (
            SELECT series.trading_date
            FROM parts
            JOIN rollup.daily_series AS series
                ON series.symbol = parts.symbol
               AND series.trading_date BETWEEN parts.first_date AND parts.last_date
            WHERE parts.series_symbol = wanted.symbol
              AND parts.company = companies.company
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
        FROM parts
        JOIN rollup.daily_series AS series
            ON series.symbol = parts.symbol
           AND series.trading_date BETWEEN parts.first_date AND parts.last_date
        WHERE parts.series_symbol = wanted.symbol
          AND parts.company = companies.company
          AND series.trading_date < wanted.from_date
          AND series.adj_close IS NOT NULL
    ) AS before
),
chosen AS (
    SELECT DISTINCT ON (reach.series_symbol, reach.company, daily.trading_date)
        daily.*,
        reach.series_symbol,
        reach.company,
        reach.symbols,
        reach.from_date,
        reach.newest_date,
        reach.factor_version,
        reach.atr_before,
        reach.peak_before
    FROM reach
    JOIN parts USING (series_symbol, company)
    JOIN rollup.daily
        ON daily.symbol = parts.symbol
       AND daily.trading_date >= greatest(parts.first_date, reach.start_date)
       AND daily.trading_date <= parts.last_date
       AND daily.is_live = reach.is_live
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        reach.series_symbol,
        reach.company,
        daily.trading_date,
        daily.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        daily.feed
),
-- Looked up row by row: the actions of a symbol are few, and a join would trust the planner's guess of their number.
adjusted AS MATERIALIZED (
    SELECT
        chosen.series_symbol,
        chosen.company,
        chosen.symbol,
        chosen.trading_date,
        chosen.feed,
        chosen.calendar,
        chosen.previous_date,
        chosen.from_date,
        chosen.atr_before,
        chosen.peak_before,
        chosen.factor_version,
        chosen.open,
        chosen.close,
        split.factor AS split_factor,
        round(chosen.open * split.factor, 6) AS adj_open,
        round(chosen.high * split.factor, 6) AS adj_high,
        round(chosen.low * split.factor, 6) AS adj_low,
        round(chosen.close * split.factor, 6) AS adj_close,
        round(chosen.volume / split.factor, 6) AS adj_volume,
        coalesce(dividend.cash_amount, 0) AS dividend,
        -- All its minutes are known not to have made a price: the price before them still stands.
        chosen.close IS NULL AND coalesce(chosen.minutes_covered = chosen.minutes_expected, false) AS is_quiet
    FROM chosen
    CROSS JOIN LATERAL (
        SELECT market.product(action.split_from) / market.product(action.split_to) AS factor
        FROM market.corporate_action AS action
        WHERE action.symbol = ANY (chosen.symbols)
          AND action.action_type = 'split'
          AND action.is_current
          AND action.ex_date > chosen.trading_date
          AND action.ex_date <= chosen.newest_date
          AND EXISTS (
              SELECT
              FROM parts
              WHERE parts.series_symbol = chosen.series_symbol
                AND parts.company = chosen.company
                AND parts.symbol = action.symbol
                AND action.ex_date BETWEEN parts.first_date AND parts.last_date
          )
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
-- The close before is of the calendar's session right before, or of the last one that traded when those between are
-- known to have been quiet. Over a session that nobody recorded there is none.
bounded AS (
    SELECT
        adjusted.*,
        lag(trading_date) OVER by_day IS DISTINCT FROM previous_date
            OR lag(calendar) OVER by_day IS DISTINCT FROM calendar
            OR lag(close IS NULL AND NOT is_quiet) OVER by_day AS is_cut
    FROM adjusted
    WINDOW by_day AS (PARTITION BY series_symbol, company ORDER BY trading_date)
),
numbered AS (
    SELECT
        bounded.*,
        count(*) FILTER (WHERE is_cut) OVER (
            PARTITION BY series_symbol, company ORDER BY trading_date ROWS UNBOUNDED PRECEDING
        ) AS run
    FROM bounded
),
dated AS (
    SELECT
        numbered.*,
        max(trading_date) FILTER (WHERE close IS NOT NULL) OVER (
            PARTITION BY series_symbol, company, run
            ORDER BY trading_date
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS previous_close_date
    FROM numbered
),
linked AS (
    SELECT
        dated.*,
        before.feed AS previous_close_feed,
        before.adj_close AS previous_adj_close,
        -- In the shares of this day.
        round(before.close * before.split_factor / dated.split_factor, 6) AS previous_close
    FROM dated
    LEFT JOIN adjusted AS before
        ON before.series_symbol = dated.series_symbol
       AND before.company = dated.company
       AND before.trading_date = dated.previous_close_date
),
ranged AS MATERIALIZED (
    SELECT
        linked.*,
        -- Without a previous close the day's own range.
        CASE
            WHEN adj_high IS NOT NULL AND adj_low IS NOT NULL
                THEN greatest(adj_high, previous_adj_close) - least(adj_low, previous_adj_close)
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
        ) OVER (PARTITION BY series_symbol, company ORDER BY trading_date ROWS UNBOUNDED PRECEDING) AS atr_14,
        CASE WHEN count(*) OVER last_20 = 20 THEN round(avg(adj_close) OVER last_20, 6) END AS sma_20,
        CASE WHEN count(*) OVER last_50 = 50 THEN round(avg(adj_close) OVER last_50, 6) END AS sma_50,
        CASE WHEN count(*) OVER last_200 = 200 THEN round(avg(adj_close) OVER last_200, 6) END AS sma_200,
        greatest(
            peak_before,
            max(adj_close) OVER (PARTITION BY series_symbol, company ORDER BY trading_date ROWS UNBOUNDED PRECEDING)
        ) AS peak,
        max(adj_high) OVER last_52_weeks AS high_52w,
        min(adj_low) OVER last_52_weeks AS low_52w
    FROM ranged
    WHERE adj_close IS NOT NULL
    WINDOW
        last_20 AS (PARTITION BY series_symbol, company ORDER BY trading_date ROWS 19 PRECEDING),
        last_50 AS (PARTITION BY series_symbol, company ORDER BY trading_date ROWS 49 PRECEDING),
        last_200 AS (PARTITION BY series_symbol, company ORDER BY trading_date ROWS 199 PRECEDING),
        last_52_weeks AS (PARTITION BY series_symbol, company ORDER BY trading_date RANGE INTERVAL '363 days' PRECEDING)
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
    previous_close,
    previous_close_date,
    previous_close_feed,
    round(close / nullif(previous_close, 0) - 1, 8) AS return_1d,
    round((close + dividend) / nullif(previous_close, 0) - 1, 8) AS total_return_1d,
    round(100 * (open / nullif(previous_close, 0) - 1), 6) AS gap_pct,
    true_range,
    atr_14,
    sma_20,
    sma_50,
    sma_200,
    round(100 * (adj_close / nullif(peak, 0) - 1), 6) AS drawdown_pct,
    high_52w,
    low_52w
FROM days
WHERE symbol = series_symbol
  AND trading_date >= from_date
