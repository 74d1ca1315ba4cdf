-- How far each symbol and feed has landed, never past the market clock: a stamp from the future closes no bar.

INSERT INTO market.feed_progress AS progress (symbol, feed, latest_event_at)
SELECT symbol, feed, least(to_timestamp(0) + max(latest_event_us) * interval '1 microsecond', %(market_at)s)
FROM touched
WHERE advances_progress
GROUP BY symbol, feed
ORDER BY symbol, feed
ON CONFLICT (symbol, feed) DO UPDATE
SET latest_event_at = excluded.latest_event_at
WHERE progress.latest_event_at < excluded.latest_event_at
