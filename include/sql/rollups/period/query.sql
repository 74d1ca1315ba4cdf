-- Weeks (from Monday) and months of some symbols from the one that holds a date on, one row per symbol and period: the
-- feed that covered the whole period best, then the preferred one, split-adjusted as the series is. Volumes of other
-- feeds never enter. Parameters (parallel arrays): symbols, from_dates. Read by period/store.sql, the data tests and the
-- proof.

WITH wanted AS MATERIALIZED (
    SELECT symbol, from_date, rollup.has_live_day(symbol) AS is_live
    FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
),
-- One period more, for its close.
days AS (
    SELECT
        daily.*,
        series.split_factor,
        kind.period,
        date_trunc(kind.period, wanted.from_date::timestamp)::date AS from_date,
        date_trunc(kind.period, daily.trading_date::timestamp)::date AS period_start,
        date_trunc(kind.period, daily.next_date::timestamp)::date AS next_start,
        max(daily.minutes_expected) OVER (PARTITION BY daily.symbol, kind.period, daily.trading_date)
            AS minutes_of_day,
        row_number() OVER (PARTITION BY daily.symbol, kind.period, daily.trading_date ORDER BY daily.feed) = 1
            AS is_first_of_day
    FROM wanted
    CROSS JOIN (VALUES ('week', INTERVAL '1 week'), ('month', INTERVAL '1 month')) AS kind (period, length)
    JOIN rollup.daily
        ON daily.symbol = wanted.symbol
       AND daily.trading_date >= date_trunc(kind.period, wanted.from_date::timestamp) - kind.length
    JOIN rollup.daily_series AS series
        ON series.symbol = daily.symbol
       AND series.trading_date = daily.trading_date
    -- Beside live days simulated and replayed ones are in no series, and their feeds in no period.
    WHERE daily.is_live = wanted.is_live
),
totals AS (
    SELECT
        symbol,
        period,
        period_start,
        from_date,
        feed,
        (array_agg(open * split_factor ORDER BY trading_date) FILTER (WHERE open IS NOT NULL))[1] AS open,
        max(high * split_factor) AS high,
        min(low * split_factor) AS low,
        (array_agg(close * split_factor ORDER BY trading_date DESC) FILTER (WHERE close IS NOT NULL))[1] AS close,
        sum(volume / split_factor) AS volume,
        sum(notional) AS notional,
        sum(trade_count)::bigint AS trade_count,
        count(*)::integer AS sessions,
        sum(minutes_covered) AS minutes_covered,
        sum(minutes_of_day) FILTER (WHERE is_first_of_day) AS minutes_of_first,
        -- A day without a trade has no scope and changes none.
        count(DISTINCT volume_scope) <= 1 AS has_one_scope,
        CASE WHEN count(DISTINCT volume_scope) <= 1 THEN min(volume_scope) ELSE 'unknown' END AS volume_scope,
        -- Over when its newest day is followed by a session of another period.
        CASE
            WHEN bool_or(state = 'provisional') OR coalesce(max(next_start), period_start) = period_start
                THEN 'provisional'
            WHEN bool_or(state = 'restated') THEN 'restated'
            ELSE 'final'
        END AS state
    FROM days
    GROUP BY symbol, period, period_start, from_date, feed
),
covered AS (
    SELECT
        totals.*,
        -- Of every recorded day once, whichever feed has it.
        100.0 * minutes_covered
            / nullif(sum(minutes_of_first) OVER (PARTITION BY symbol, period, period_start), 0) AS coverage_pct
    FROM totals
),
chosen AS (
    SELECT DISTINCT ON (covered.symbol, covered.period, covered.period_start) covered.*
    FROM covered
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        covered.symbol,
        covered.period,
        covered.period_start,
        covered.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        covered.feed
),
linked AS (
    SELECT
        chosen.*,
        CASE
            WHEN lag(period_start) OVER in_order = (period_start - ('1 ' || period)::interval)::date
                THEN lag(close) OVER in_order
        END AS previous_close
    FROM chosen
    WINDOW in_order AS (PARTITION BY symbol, period ORDER BY period_start)
)
SELECT
    symbol,
    period,
    period_start,
    (period_start + ('1 ' || period)::interval - INTERVAL '1 day')::date AS period_end,
    feed,
    round(open, 6) AS open,
    round(high, 6) AS high,
    round(low, 6) AS low,
    round(close, 6) AS close,
    CASE WHEN has_one_scope THEN round(volume, 6) END AS volume,
    CASE WHEN has_one_scope THEN round(notional, 12) END AS notional,
    trade_count,
    sessions,
    round(100 * (close / nullif(previous_close, 0) - 1), 6) AS return_pct,
    round(coverage_pct, 2) AS coverage_pct,
    state,
    volume_scope
FROM linked
WHERE period_start >= from_date
