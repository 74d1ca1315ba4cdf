-- One row a symbol of one date, with what is known of the symbol. Read by the session report.
SELECT
    daily.symbol,
    coalesce(symbol.name, '') AS name,
    coalesce(symbol.currency, '') AS currency,
    coalesce(symbol.is_fictitious, FALSE) AS is_fictitious,
    daily.feed,
    daily.volume_scope,
    daily.delay_seconds,
    daily.state,
    daily.version,
    daily.is_synthetic,
    daily.open,
    daily.open_basis,
    daily.high,
    daily.low,
    daily.close,
    daily.close_basis,
    daily.previous_close,
    daily.return_1d,
    daily.total_return_1d,
    daily.gap_pct,
    daily.realised_volatility_annual,
    daily.volume,
    daily.volume_pre,
    daily.volume_post,
    daily.notional,
    daily.vwap,
    daily.trade_count,
    daily.minutes_expected,
    daily.minutes_covered,
    daily.minutes_unexplained,
    daily.coverage_pct,
    daily.restatements
FROM mart.fact_daily AS daily
LEFT JOIN mart.dim_symbol AS symbol USING (symbol)
WHERE daily.trading_date = %(trading_date)s
ORDER BY daily.symbol
