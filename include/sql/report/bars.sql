-- Bars of one length of some symbols on one date. Where a stretch has bars of several feeds, the day's own is taken:
-- feeds are never added up. Read by the session report.
SELECT DISTINCT ON (bar.symbol, bar.bar_start, bar.session_part)
    bar.symbol,
    bar.bar_start_local,
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
JOIN unnest(%(symbols)s::text[], %(feeds)s::text[]) AS drawn (symbol, feed) ON drawn.symbol = bar.symbol
WHERE bar.trading_date = %(trading_date)s
  AND bar.interval_min = %(interval_min)s
  AND bar.symbol = ANY (%(symbols)s)
ORDER BY
    bar.symbol,
    bar.bar_start,
    bar.session_part,
    bar.feed = drawn.feed DESC,
    bar.feed
