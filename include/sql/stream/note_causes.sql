-- The versions of this batch in the bars that it restates.

INSERT INTO changed
SELECT
    event.symbol, event.feed, event.trading_date, event.event_type, event.entity_id, event.bar_start,
    event.bar_session_part, event.event_id, event.action
FROM rebuilt_bar AS bar
INNER JOIN market.event AS event
    ON event.symbol = bar.symbol
    AND event.feed = bar.feed
    AND event.event_type = 'trade'
    AND event.event_time_ns >= extract(epoch FROM bar.bar_start)::bigint * 1000000000
    AND event.event_time_ns < extract(epoch FROM bar.bar_start)::bigint * 1000000000 + 60000000000
    AND event.bar_session_part = bar.session_part
    AND event.trading_date = ANY(%(dates)s::date[])
WHERE bar.is_closed AND bar.old IS DISTINCT FROM bar.new
    AND event.batch_id = %(batch_id)s
