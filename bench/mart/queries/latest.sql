-- Live page: the newest price of every symbol.
SELECT *
FROM mart.fact_latest
JOIN mart.dim_symbol USING (symbol);
