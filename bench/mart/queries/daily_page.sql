-- Market overview: every symbol of one day.
SELECT dim_symbol.name, dim_symbol.sector, fact_daily.*
FROM mart.fact_daily
JOIN mart.dim_symbol USING (symbol)
WHERE fact_daily.trading_date = %(day)s
ORDER BY fact_daily.return_1d DESC;
