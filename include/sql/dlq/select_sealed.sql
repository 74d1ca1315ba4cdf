-- Which of these days were dropped by retention: an event of such a day cannot land any more.

SELECT trading_date
FROM ops.sealed_day
WHERE trading_date = ANY(%(dates)s::date[])
