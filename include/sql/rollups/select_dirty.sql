-- The days whose rollup no longer follows from the facts: dirtied by the stream, or polled since they were computed
-- (a sweep may cover an outage without landing anything). Of a final day polls are looked at for three days after they
-- were made; one that is provisional, or that was never computed, waits for as long as it takes.

WITH polled AS (
    SELECT asked.trading_date, asked.feed, newest.poll_id
    FROM (
        SELECT trading_date, feed
        FROM ops.poll
        WHERE received_at >= now() - INTERVAL '3 days'
        UNION
        SELECT trading_date, feed
        FROM rollup.daily
        WHERE state = 'provisional'
          AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = daily.trading_date)
        UNION
        SELECT subscription.trading_date, subscription.feed
        FROM market.subscription
        LEFT JOIN rollup.daily USING (symbol, trading_date, feed)
        WHERE daily.symbol IS NULL
          AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = subscription.trading_date)
    ) AS asked
    CROSS JOIN LATERAL (
        SELECT max(poll.poll_id) AS poll_id
        FROM ops.poll
        WHERE poll.trading_date = asked.trading_date
          AND poll.feed = asked.feed
          AND poll.endpoint = 'trades'
          AND poll.outcome IN ('ok', 'empty')
    ) AS newest
    WHERE newest.poll_id IS NOT NULL
)
SELECT
    trading_date,
    array_agg(DISTINCT symbol ORDER BY symbol) AS symbols,
    EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = stale.trading_date) AS is_sealed
FROM (
    SELECT trading_date, symbol FROM ops.dirty_day
    UNION
    SELECT subscription.trading_date, subscription.symbol
    FROM market.subscription
    JOIN polled USING (trading_date, feed)
    LEFT JOIN rollup.daily USING (symbol, trading_date, feed)
    WHERE daily.poll_id IS DISTINCT FROM polled.poll_id
) AS stale
GROUP BY trading_date
ORDER BY trading_date
