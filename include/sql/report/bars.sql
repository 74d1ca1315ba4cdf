-- Bars of one length of some symbols on one date, each of the feed that is preferred for it. Read by the session report.
SELECT
    bar.symbol,
    coalesce(bar.bar_start_local, bar.bar_start) AS bar_start_local,
    bar.session_part,
    bar.feed,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.vwap,
    bar.trade_count,
    bar.coverage_pct,
    bar.is_restated
FROM mart.fact_bar AS bar
WHERE bar.trading_date = %(trading_date)s
  AND bar.interval_min = %(interval_min)s
  AND bar.symbol = ANY (%(symbols)s)
ORDER BY
    bar.symbol,
    bar.bar_start,
    bar.session_part
