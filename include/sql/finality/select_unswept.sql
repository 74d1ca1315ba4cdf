-- The sessions between two dates (either may be null: no bound) that were watched and not read again as a whole after
-- their end, by feed: how many of their symbols, and of how many. A symbol that the provider refused has no cursor and
-- counts for nothing, unless nothing was read at all.

WITH watched AS (
    SELECT
        subscription.trading_date,
        subscription.provider,
        subscription.feed,
        subscription.calendar,
        subscription.symbol,
        session.pre_open_at,
        session.post_close_at,
        read.symbol IS NOT NULL AS is_read
    FROM market.subscription
    JOIN market.session USING (calendar, trading_date)
    LEFT JOIN ops.cursor AS read
        ON read.provider = subscription.provider
       AND read.feed = subscription.feed
       AND read.endpoint = 'trades'
       AND read.symbol = subscription.symbol
       AND read.trading_date = subscription.trading_date
    WHERE subscription.trading_date >= coalesce(%(date_from)s::date, '-infinity')
      AND subscription.trading_date <= coalesce(%(date_to)s::date, 'infinity')
      -- What was replayed from a file has no provider that could be asked again.
      AND subscription.provider <> 'replay'
      AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = subscription.trading_date)
),
--
swept AS (
    SELECT day.trading_date, ranges.*
    FROM (SELECT DISTINCT trading_date FROM watched) AS day
    CROSS JOIN LATERAL ops.swept_ranges(day.trading_date) AS ranges
),
--
judged AS (
    SELECT
        watched.*,
        (
            swept.covered @> tstzrange(watched.pre_open_at, watched.post_close_at)
            AND swept.market_at >= watched.post_close_at
        ) IS TRUE AS is_swept,
        bool_or(watched.is_read) OVER (PARTITION BY watched.trading_date, watched.provider, watched.feed)
            AS is_any_read
    FROM watched
    LEFT JOIN swept USING (trading_date, symbol, feed)
)
SELECT
    trading_date,
    provider,
    feed,
    calendar,
    post_close_at,
    count(*) FILTER (WHERE NOT is_swept) AS unswept,
    count(*) AS symbols
FROM judged
WHERE is_read OR NOT is_any_read
GROUP BY trading_date, provider, feed, calendar, post_close_at
HAVING NOT bool_and(is_swept)
ORDER BY trading_date, provider, feed, calendar
