-- Each symbol that is watched on the newest day of its feed: its newest landed event, and how far it was asked for.
WITH newest AS (
    SELECT feed, max(trading_date) AS trading_date
    FROM market.subscription
    WHERE subscribed_at > now() - INTERVAL '7 days'
    GROUP BY feed
)
SELECT
    watched.symbol,
    watched.feed,
    watched.calendar,
    watched.trading_date,
    progress.latest_event_at,
    cursor.next_at
FROM newest
JOIN market.subscription AS watched USING (feed, trading_date)
LEFT JOIN market.feed_progress AS progress USING (symbol, feed)
LEFT JOIN ops.cursor AS cursor
    ON cursor.provider = watched.provider
   AND cursor.feed = watched.feed
   AND cursor.symbol = watched.symbol
   AND cursor.trading_date = watched.trading_date
   AND cursor.endpoint = 'trades'
ORDER BY watched.feed, watched.symbol;
