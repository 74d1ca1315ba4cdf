-- The calendars that some symbols' subscriptions of a day follow, and whose they are.

SELECT
    calendar,
    array_agg(DISTINCT symbol) AS symbols
FROM market.subscription
WHERE trading_date = %(trading_date)s
  AND symbol = ANY (%(symbols)s)
GROUP BY calendar
ORDER BY calendar
