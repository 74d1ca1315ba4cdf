-- DuckDB. Bars of 5, 15 and 60 minutes from the stored bars of a minute, each straight from the minutes. Buckets count from
-- the start of their part: regular from the open, pre from the pre-market's open, post from the close; without a session
-- from midnight. What prints before the open or after the bell belongs to the first or last bar of the regular part.

CREATE OR REPLACE TABLE due AS
WITH placed AS (
    SELECT
        bar.*,
        coalesce(
            CASE bar.session_part
                WHEN 'pre' THEN session.pre_open_min
                WHEN 'regular' THEN session.open_min
                ELSE session.close_min
            END,
            0
        ) AS counted_from,
        CASE
            WHEN bar.session_part = 'regular' AND session.open_min IS NOT NULL
                THEN least(greatest(bar.start_min, session.open_min), session.close_min - 1)
            ELSE bar.start_min
        END AS placed_min
    FROM bar
    LEFT JOIN session USING (symbol, feed)
    ANTI JOIN dirty USING (symbol)
),
rolled AS (
    SELECT
        symbol,
        feed,
        session_part,
        width.minutes::BIGINT AS interval_min,
        interval_start(placed_min, counted_from, width.minutes) AS rolled_min,
        arg_min(open, start_min) FILTER (WHERE open IS NOT NULL) AS open,
        max(high) AS high,
        min(low) AS low,
        arg_max(close, start_min) FILTER (WHERE close IS NOT NULL) AS close,
        sum(volume)::DECIMAL(24, 6) AS volume,
        sum(notional)::DECIMAL(38, 12) AS notional,
        exact_vwap(sum(notional)::DECIMAL(38, 12), sum(volume)::DECIMAL(24, 6)) AS vwap,
        sum(trade_count)::BIGINT AS trade_count,
        CASE WHEN min(volume_scope) = max(volume_scope) THEN min(volume_scope) ELSE 'unknown' END AS volume_scope
    FROM placed
    CROSS JOIN (VALUES (5), (15), (60)) AS width (minutes)
    GROUP BY symbol, feed, session_part, interval_min, rolled_min
)
SELECT * RENAME (rolled_min AS start_min)
FROM rolled
