-- The versions of this batch in the bars that it restates: each minute is looked up by its index, whatever the planner
-- takes a working table for.

INSERT INTO changed
SELECT
    event.symbol, event.feed, event.trading_date, event.event_type, event.entity_id, event.bar_start,
    event.bar_session_part, event.event_id, event.action
FROM (
    SELECT symbol, feed, bar_start, session_part, extract(epoch FROM bar_start)::bigint * 1000000000 AS start_ns
    FROM rebuilt_bar
    WHERE is_closed AND old IS DISTINCT FROM new
) AS restated
CROSS JOIN LATERAL (
    SELECT landed.*
    FROM market.event AS landed
    WHERE landed.symbol = restated.symbol
        AND landed.feed = restated.feed
        AND landed.event_type = 'trade'
        AND landed.event_time_ns >= restated.start_ns
        AND landed.event_time_ns < restated.start_ns + 60000000000
        AND landed.trading_date = ANY(%(dates)s::date[])
        AND landed.bar_session_part = restated.session_part
        AND landed.batch_id = %(batch_id)s
    OFFSET 0
) AS event
