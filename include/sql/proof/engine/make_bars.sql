-- DuckDB. The bars of the day from their parts; a minute in which nothing adds volume has none.

CREATE OR REPLACE TABLE due AS
SELECT
    symbol,
    feed,
    session_part,
    start_min,
    min(first).price AS open,
    max(high) AS high,
    min(low) AS low,
    max(last).price AS close,
    sum(volume)::DECIMAL(24, 6) AS volume,
    sum(notional)::DECIMAL(38, 12) AS notional,
    exact_vwap(sum(notional)::DECIMAL(38, 12), sum(volume)::DECIMAL(24, 6)) AS vwap,
    sum(trade_count)::BIGINT AS trade_count,
    CASE WHEN min(lowest_scope) = max(highest_scope) THEN min(lowest_scope) ELSE 'unknown' END AS volume_scope
FROM partial
GROUP BY symbol, feed, session_part, start_min
HAVING sum(trade_count) > 0
