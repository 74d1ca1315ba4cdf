-- Every stored bar of one day; its start in minutes since 1970.

COPY (
    SELECT
        symbol,
        feed,
        session_part,
        extract(epoch FROM bar_start)::bigint / 60 AS start_min,
        open,
        high,
        low,
        close,
        volume,
        notional,
        vwap,
        trade_count,
        volume_scope
    FROM market.bar_1m
    WHERE trading_date = %(trading_date)s
) TO STDOUT (FORMAT csv)
