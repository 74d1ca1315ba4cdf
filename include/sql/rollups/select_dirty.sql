-- The days whose rollup no longer follows from the facts: dirtied by the stream, or polled since they were computed
-- (a sweep may cover an outage without landing anything). Polls are looked at for three days after they were made.

WITH polled AS (
    SELECT trading_date, feed, max(poll_id) AS poll_id
    FROM ops.poll
    WHERE received_at >= now() - INTERVAL '3 days'
      AND endpoint = 'trades'
      AND outcome IN ('ok', 'empty')
    GROUP BY trading_date, feed
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
