-- Every page: the date table.
SELECT *
FROM mart.dim_date;
