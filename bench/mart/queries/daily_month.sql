-- Market overview over a month, by sector: sums that a slicer on the date table asks for.
SELECT
    dim_symbol.sector,
    dim_date.calendar_date,
    sum(fact_daily.notional),
    sum(fact_daily.volume),
    sum(fact_daily.trade_count)
FROM mart.fact_daily
JOIN mart.dim_symbol ON dim_symbol.symbol = fact_daily.symbol
JOIN mart.dim_date ON dim_date.calendar_date = fact_daily.trading_date
WHERE fact_daily.trading_date >= %(month)s AND fact_daily.trading_date < %(month)s::date + INTERVAL '1 month'
GROUP BY dim_symbol.sector, dim_date.calendar_date;
