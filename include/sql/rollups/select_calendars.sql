-- The calendars that some day's subscriptions follow.

SELECT DISTINCT calendar
FROM market.subscription
WHERE trading_date = %(trading_date)s
ORDER BY calendar
