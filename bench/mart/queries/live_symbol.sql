-- Live page: today's minutes of one symbol.
SELECT *
FROM mart.fact_bar_live
WHERE symbol = %(symbol)s
ORDER BY bar_start;
