-- The first trading day of a feed that was ever watched; null: none was.
SELECT min(trading_date)
FROM market.subscription
WHERE feed = %(feed)s
