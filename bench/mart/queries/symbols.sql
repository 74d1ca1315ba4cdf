-- Every page: the symbols.
SELECT *
FROM mart.dim_symbol;
