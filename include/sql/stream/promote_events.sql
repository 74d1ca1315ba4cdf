-- A superseded version becomes current again when the receipt of its rival turned out to be earlier.

WITH promoted AS (
    DELETE FROM market.event_superseded AS event
    USING contest
    WHERE contest.was_superseded AND contest.event_id = contest.winner_id
        AND event.trading_date = contest.trading_date
        AND event.entity_id = contest.entity_id
        AND event.event_id = contest.event_id
    RETURNING event.*
),
--
landed AS (
    INSERT INTO market.event (
        {event_columns},
        batch_id,
        landed_at
    )
    SELECT
        {event_columns},
        batch_id,
        landed_at
    FROM promoted
)
INSERT INTO changed
SELECT
    symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, event_id, action
FROM promoted
