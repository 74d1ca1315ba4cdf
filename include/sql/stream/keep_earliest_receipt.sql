-- A duplicate that was received before the copy we know: the version keeps the earlier receipt,
-- so that the order of versions does not depend on which copy came first.

WITH current_version AS (
    UPDATE market.event AS event
    SET received_at = contest.received_at
    FROM contest
    WHERE contest.was_current AND contest.is_incoming
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.trading_date = ANY(%(dates)s::date[])
        AND event.received_at > contest.received_at
    RETURNING event.symbol, event.feed, event.trading_date, event.event_type, event.entity_id
),
--
older_version AS (
    UPDATE market.event_superseded AS event
    SET received_at = contest.received_at
    FROM contest
    WHERE contest.was_superseded AND contest.is_incoming
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.event_id = contest.event_id
        AND event.received_at > contest.received_at
)
INSERT INTO changed (symbol, feed, trading_date, event_type, entity_id)
SELECT symbol, feed, trading_date, event_type, entity_id
FROM current_version
