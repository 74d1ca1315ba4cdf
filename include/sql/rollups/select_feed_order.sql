-- The stored order of the feeds.

SELECT feed
FROM market.feed_preference
ORDER BY rank
