-- Symbol page: five years of one symbol.
SELECT trading_date, adj_open, adj_high, adj_low, adj_close, adj_volume, sma_20, sma_50, sma_200, drawdown_pct,
    coverage_pct, state, feed, volume_scope, restatements
FROM mart.fact_daily
WHERE symbol = %(symbol)s
ORDER BY trading_date;
