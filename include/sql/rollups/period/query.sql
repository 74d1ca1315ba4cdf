-- Weeks (from Monday) and months of some symbols from the one that holds a date on, one row per symbol and period: the
-- feed that covered the whole period best, then the preferred one, split-adjusted as the series is. Volumes of other
-- feeds never enter, nor days of another company that had the symbol: of two in one period the later one is shown.
-- Sessions of the calendar that nobody recorded lower the coverage. Parameters (parallel arrays): symbols, from_dates.
-- Read by period/store.sql, the data tests and the proof.

WITH wanted AS MATERIALIZED (
    SELECT symbol, from_date, rollup.has_live_day(symbol) AS is_live
    FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
),
-- As in daily_series/query.sql: a renamed company's period before is under its other symbol.
parts AS MATERIALIZED (
    SELECT
        wanted.symbol AS series_symbol,
        wanted.from_date,
        wanted.is_live,
        coalesce(own.company, wanted.symbol) AS company,
        coalesce(part.symbol, wanted.symbol) AS symbol,
        coalesce(part.from_date, '-infinity') AS first_date,
        coalesce(part.listed_from, '-infinity') AS listed_from,
        coalesce(part.until_date, 'infinity') AS last_date
    FROM wanted
    LEFT JOIN (SELECT DISTINCT symbol, company FROM market.listing) AS own ON own.symbol = wanted.symbol
    LEFT JOIN market.listing AS part ON part.company = own.company
),
-- One period more, for its close.
days AS (
    SELECT
        daily.*,
        parts.series_symbol,
        parts.company,
        parts.listed_from,
        parts.last_date AS listed_until,
        series.split_factor,
        -- Its close, or the one that still stands because nobody traded.
        daily.close IS NOT NULL
            OR (series.previous_close IS NOT NULL AND coalesce(daily.minutes_covered = daily.minutes_expected, false))
            AS has_price,
        kind.period,
        date_trunc(kind.period, parts.from_date::timestamp)::date AS from_date,
        date_trunc(kind.period, daily.trading_date::timestamp)::date AS period_start,
        (date_trunc(kind.period, daily.trading_date::timestamp) + kind.length - INTERVAL '1 day')::date AS period_end,
        date_trunc(kind.period, daily.next_date::timestamp)::date AS next_start,
        max(daily.trading_date) OVER (PARTITION BY parts.series_symbol, parts.company) AS newest_date,
        max(daily.minutes_expected) OVER same_day AS minutes_of_day,
        row_number() OVER (same_day ORDER BY daily.feed) = 1 AS is_first_of_day
    FROM parts
    CROSS JOIN (VALUES ('week', INTERVAL '1 week'), ('month', INTERVAL '1 month')) AS kind (period, length)
    JOIN rollup.daily
        ON daily.symbol = parts.symbol
       AND daily.trading_date >= greatest(
           date_trunc(kind.period, parts.from_date::timestamp) - kind.length,
           parts.first_date::timestamp
       )
       AND daily.trading_date <= parts.last_date
       -- Beside live days simulated and replayed ones are in no series, and their feeds in no period.
       AND daily.is_live = parts.is_live
    JOIN rollup.daily_series AS series
        ON series.symbol = daily.symbol
       AND series.trading_date = daily.trading_date
    WINDOW same_day AS (PARTITION BY parts.series_symbol, parts.company, kind.period, daily.trading_date)
),
-- The sessions of the calendar in each period, up to the newest day of the company, that no feed recorded.
unrecorded AS (
    SELECT
        span.series_symbol,
        span.company,
        span.symbol,
        span.period,
        span.period_start,
        sum(extract(epoch FROM planned.close_at - planned.open_at) / 60) AS minutes
    FROM (
        SELECT
            series_symbol,
            company,
            symbol,
            period,
            period_start,
            min(calendar) AS calendar,
            greatest(period_start, min(listed_from)) AS first_date,
            least(max(period_end), max(newest_date), max(listed_until)) AS last_date,
            array_agg(trading_date) AS recorded
        FROM days
        GROUP BY series_symbol, company, symbol, period, period_start
    ) AS span
    JOIN market.calendar_day AS planned
        ON planned.calendar = span.calendar
       AND planned.is_trading_day
       AND planned.calendar_date BETWEEN span.first_date AND span.last_date
       AND planned.calendar_date <> ALL (span.recorded)
    GROUP BY span.series_symbol, span.company, span.symbol, span.period, span.period_start
),
totals AS (
    SELECT
        series_symbol,
        company,
        symbol,
        period,
        period_start,
        period_end,
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
        max(trading_date) AS last_date,
        max(next_date) AS next_date,
        (array_agg(has_price ORDER BY trading_date DESC))[1] AS ends_with_price,
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
    GROUP BY series_symbol, company, symbol, period, period_start, period_end, from_date, feed
),
covered AS (
    SELECT
        totals.*,
        unrecorded.minutes IS NOT NULL AS has_gaps,
        -- Of every recorded day once, whichever feed has it, and of the sessions that none has.
        100.0 * minutes_covered / nullif(
            sum(minutes_of_first) OVER (PARTITION BY series_symbol, company, symbol, period, period_start)
                + coalesce(unrecorded.minutes, 0),
            0
        ) AS coverage_pct
    FROM totals
    LEFT JOIN unrecorded USING (series_symbol, company, symbol, period, period_start)
),
chosen AS MATERIALIZED (
    SELECT DISTINCT ON (series_symbol, company, symbol, period, period_start) covered.*
    FROM covered
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        series_symbol,
        company,
        symbol,
        period,
        period_start,
        covered.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        covered.feed
),
linked AS (
    SELECT DISTINCT ON (chosen.symbol, chosen.period, chosen.period_start)
        chosen.*,
        -- Of the last session of the period before; an older close is none.
        CASE WHEN before.ends_with_price AND before.next_date >= chosen.period_start THEN before.close END
            AS previous_close
    FROM chosen
    LEFT JOIN chosen AS before
        ON before.series_symbol = chosen.series_symbol
       AND before.company = chosen.company
       AND before.period = chosen.period
       AND before.period_end = chosen.period_start - 1
    WHERE chosen.symbol = chosen.series_symbol
    ORDER BY chosen.symbol, chosen.period, chosen.period_start, chosen.last_date DESC, before.last_date DESC NULLS LAST
)
SELECT
    symbol,
    period,
    period_start,
    period_end,
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
    -- A session that nobody recorded may still be.
    CASE WHEN has_gaps THEN 'provisional' ELSE state END AS state,
    volume_scope
FROM linked
WHERE period_start >= from_date
