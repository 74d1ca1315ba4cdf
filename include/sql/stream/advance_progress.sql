-- How far each symbol and feed has landed, never past the market clock: a stamp from the future closes no bar.

INSERT INTO market.feed_progress AS progress (symbol, feed, latest_event_at)
SELECT symbol, feed, least(max(event_at), %(market_at)s)
FROM incoming
WHERE advances_progress
GROUP BY symbol, feed
ORDER BY symbol, feed
ON CONFLICT (symbol, feed) DO UPDATE
SET latest_event_at = excluded.latest_event_at
WHERE progress.latest_event_at < excluded.latest_event_at
