-- Symbol page: its weeks and months.
SELECT *
FROM mart.fact_period
WHERE symbol = %(symbol)s;
