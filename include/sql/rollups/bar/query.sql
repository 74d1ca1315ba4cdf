-- Bars of 5, 15 and 60 minutes of one trading day of some symbols, one row per symbol, feed, interval, start and part.
-- Buckets count from the start of their part: regular from the open, pre from the pre-market's open, post from the
-- close; without a session from midnight UTC. So the last ones of a part may be short. Each interval is made of the
-- one below it. Parameters: trading_date, symbols. Read by bar/store.sql, the data tests and the proof.

WITH subscribed AS MATERIALIZED (
    SELECT
        subscription.symbol,
        subscription.feed,
        subscription.synthetic,
        session.pre_open_at,
        session.open_at,
        session.close_at
    FROM market.subscription
    JOIN market.session USING (calendar, trading_date)
    WHERE subscription.trading_date = %(trading_date)s
      AND subscription.symbol = ANY (%(symbols)s)
),
-- By the same count as the day's own coverage.
covered AS MATERIALIZED (
    SELECT symbol, feed, session_part, coverage_pct
    FROM rollup.part_coverage
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
),
restated AS (
    SELECT symbol, feed, bar_start, session_part
    FROM ops.restatement
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
),
minutes AS (
    SELECT
        bar.symbol,
        bar.feed,
        bar.session_part,
        bar.bar_start,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.notional,
        bar.trade_count,
        bar.volume_scope,
        -- An auction's minute after the bell is none of the session's minutes.
        bar.trade_count > 0 AND (
            bar.session_part <> 'regular'
            OR subscribed.open_at IS NULL
            OR (bar.bar_start >= subscribed.open_at AND bar.bar_start < subscribed.close_at)
        ) AS has_trades,
        (bar.symbol, bar.feed, bar.bar_start, bar.session_part) IN (SELECT * FROM restated) AS is_restated,
        coalesce(
            CASE bar.session_part
                WHEN 'pre' THEN subscribed.pre_open_at
                WHEN 'regular' THEN subscribed.open_at
                ELSE subscribed.close_at
            END,
            TIMESTAMPTZ '2000-01-03 00:00:00+00'
        ) AS counted_from,
        -- What prints before the open or after the bell belongs to the first or the last bar of the regular part.
        CASE bar.session_part
            WHEN 'regular'
                THEN least(greatest(bar.bar_start, subscribed.open_at), subscribed.close_at - INTERVAL '1 minute')
            ELSE bar.bar_start
        END AS placed_at
    FROM market.bar_1m AS bar
    LEFT JOIN subscribed USING (symbol, feed)
    WHERE bar.trading_date = %(trading_date)s
      AND bar.symbol = ANY (%(symbols)s)
),
five_minutes AS (
    SELECT
        symbol,
        feed,
        session_part,
        counted_from,
        date_bin(INTERVAL '5 minutes', placed_at, counted_from) AS bar_start,
        (array_agg(open ORDER BY bar_start) FILTER (WHERE open IS NOT NULL))[1] AS open,
        max(high) AS high,
        min(low) AS low,
        (array_agg(close ORDER BY bar_start) FILTER (WHERE close IS NOT NULL))[count(close)] AS close,
        sum(volume) AS volume,
        sum(notional) AS notional,
        sum(trade_count)::bigint AS trade_count,
        count(*) FILTER (WHERE has_trades) AS minutes_with_trades,
        bool_or(is_restated) AS is_restated,
        CASE WHEN min(volume_scope) = max(volume_scope) THEN min(volume_scope) ELSE 'unknown' END AS volume_scope
    FROM minutes
    GROUP BY symbol, feed, session_part, counted_from, date_bin(INTERVAL '5 minutes', placed_at, counted_from)
),
quarters AS (
    SELECT
        symbol,
        feed,
        session_part,
        counted_from,
        date_bin(INTERVAL '15 minutes', bar_start, counted_from) AS bar_start,
        (array_agg(open ORDER BY bar_start) FILTER (WHERE open IS NOT NULL))[1] AS open,
        max(high) AS high,
        min(low) AS low,
        (array_agg(close ORDER BY bar_start) FILTER (WHERE close IS NOT NULL))[count(close)] AS close,
        sum(volume) AS volume,
        sum(notional) AS notional,
        sum(trade_count)::bigint AS trade_count,
        sum(minutes_with_trades) AS minutes_with_trades,
        bool_or(is_restated) AS is_restated,
        CASE WHEN min(volume_scope) = max(volume_scope) THEN min(volume_scope) ELSE 'unknown' END AS volume_scope
    FROM five_minutes
    GROUP BY symbol, feed, session_part, counted_from, date_bin(INTERVAL '15 minutes', bar_start, counted_from)
),
hours AS (
    SELECT
        symbol,
        feed,
        session_part,
        counted_from,
        date_bin(INTERVAL '60 minutes', bar_start, counted_from) AS bar_start,
        (array_agg(open ORDER BY bar_start) FILTER (WHERE open IS NOT NULL))[1] AS open,
        max(high) AS high,
        min(low) AS low,
        (array_agg(close ORDER BY bar_start) FILTER (WHERE close IS NOT NULL))[count(close)] AS close,
        sum(volume) AS volume,
        sum(notional) AS notional,
        sum(trade_count)::bigint AS trade_count,
        sum(minutes_with_trades) AS minutes_with_trades,
        bool_or(is_restated) AS is_restated,
        CASE WHEN min(volume_scope) = max(volume_scope) THEN min(volume_scope) ELSE 'unknown' END AS volume_scope
    FROM quarters
    GROUP BY symbol, feed, session_part, counted_from, date_bin(INTERVAL '60 minutes', bar_start, counted_from)
),
bars AS NOT MATERIALIZED (
    SELECT 5 AS interval_min, * FROM five_minutes
    UNION ALL
    SELECT 15 AS interval_min, * FROM quarters
    UNION ALL
    SELECT 60 AS interval_min, * FROM hours
),
-- Which feed is shown, for a whole part of the day, so that bars of every length hold the same trades: the one that
-- covered the part best, then the preferred one, as for the day. A subscribed feed without a bar counts as well.
known AS (
    SELECT symbol, feed, session_part FROM hours
    UNION
    SELECT subscribed.symbol, subscribed.feed, part.session_part
    FROM subscribed
    CROSS JOIN (VALUES ('pre'), ('regular'), ('post')) AS part (session_part)
),
chosen AS (
    SELECT DISTINCT ON (known.symbol, known.session_part)
        known.symbol,
        known.session_part,
        known.feed
    FROM known
    LEFT JOIN subscribed USING (symbol, feed)
    LEFT JOIN covered USING (symbol, feed, session_part)
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        known.symbol,
        known.session_part,
        coalesce(known.feed IN ('replay', 'tape', 'round_the_clock') OR subscribed.synthetic, false),
        covered.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        known.feed
)
SELECT
    bars.symbol,
    bars.feed,
    bars.interval_min::smallint AS interval_min,
    bars.bar_start,
    bars.session_part,
    %(trading_date)s::date AS trading_date,
    bars.open,
    bars.high,
    bars.low,
    bars.close,
    bars.volume,
    bars.notional,
    bars.trade_count,
    bars.minutes_with_trades::integer AS minutes_with_trades,
    bars.is_restated,
    chosen.feed = bars.feed AS is_preferred,
    bars.volume_scope
FROM bars
JOIN chosen USING (symbol, session_part)
