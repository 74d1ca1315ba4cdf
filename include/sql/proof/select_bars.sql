-- Every stored bar of one day.

SELECT
    symbol,
    feed,
    bar_start,
    session_part,
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
