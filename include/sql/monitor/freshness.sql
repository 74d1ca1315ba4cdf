-- Each symbol that is watched now, that is on the day and feed polled last: its newest landed event, how far it was
-- asked for, and the session of that day.
WITH newest AS (
    SELECT feed, trading_date
    FROM ops.poll
    WHERE purpose <> 'replay'
    ORDER BY poll_id DESC
    LIMIT 1
)
SELECT
    watched.symbol,
    watched.feed,
    watched.calendar,
    watched.trading_date,
    session.pre_open_at,
    session.post_close_at,
    progress.latest_event_at,
    cursor.next_at
FROM newest
JOIN market.subscription AS watched USING (feed, trading_date)
JOIN market.session AS session USING (calendar, trading_date)
LEFT JOIN market.feed_progress AS progress USING (symbol, feed)
LEFT JOIN ops.cursor AS cursor
    ON cursor.provider = watched.provider
   AND cursor.feed = watched.feed
   AND cursor.symbol = watched.symbol
   AND cursor.trading_date = watched.trading_date
   AND cursor.endpoint = 'trades'
ORDER BY watched.symbol;
