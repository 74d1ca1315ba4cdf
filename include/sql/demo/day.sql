-- One trading day of the watch list, as an analyst sees it, and the feed that each row is from. Read by the demo's
-- closing table.
SELECT
    symbol,
    feed,
    open,
    high,
    low,
    close,
    volume,
    vwap,
    trade_count,
    coverage_pct
FROM mart.fact_daily
WHERE trading_date = %(trading_date)s
  AND symbol = ANY (%(symbols)s)
ORDER BY symbol
