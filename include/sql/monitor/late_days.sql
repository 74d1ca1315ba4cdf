-- Days that changed after a session was over, two quiet minutes ago or longer: young changes every time they are asked
-- for, old ones (whose rollup keeps failing) in one minute of fifteen. With the provider and feed that the caller needs
-- to know whether the session's sweep is over too.
SELECT DISTINCT
    dirty.trading_date,
    watched.provider,
    watched.feed,
    session.post_close_at
FROM ops.dirty_day AS dirty
JOIN market.session AS session USING (trading_date)
JOIN market.subscription AS watched
    ON watched.trading_date = dirty.trading_date
   AND watched.symbol = dirty.symbol
   AND watched.calendar = session.calendar
WHERE session.post_close_at <= %(market_at)s
  AND dirty.dirtied_at <= now() - INTERVAL '2 minutes'
  AND (dirty.dirtied_at > now() - INTERVAL '10 minutes' OR mod(extract(minute FROM now())::integer, 15) = 0)
ORDER BY dirty.trading_date, session.post_close_at;
