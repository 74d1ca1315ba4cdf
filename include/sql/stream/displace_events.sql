-- Current versions that lost move to market.event_superseded.

WITH displaced AS (
    DELETE FROM market.event AS event
    USING contest
    WHERE contest.was_current AND contest.event_id <> contest.winner_id
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.trading_date = ANY(%(dates)s::date[])
    RETURNING event.*, contest.winner_id, contest.winner_action
),
--
kept AS (
    INSERT INTO market.event_superseded (
        {event_columns},
        batch_id,
        landed_at,
        superseded_by,
        superseded_batch_id
    )
    SELECT
        {event_columns},
        batch_id,
        landed_at,
        winner_id,
        %(batch_id)s
    FROM displaced
)
INSERT INTO changed
SELECT
    symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, winner_id, winner_action
FROM displaced
