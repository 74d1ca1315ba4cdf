-- New versions that lose against a known or incoming one go straight to market.event_superseded.

WITH shelved AS (
    INSERT INTO market.event_superseded (
        {event_columns},
        batch_id,
        superseded_by,
        superseded_batch_id
    )
    SELECT
        {incoming_event_columns},
        %(batch_id)s,
        contest.winner_id,
        %(batch_id)s
    FROM contest
    INNER JOIN incoming USING (trading_date, entity_id, event_id)
    WHERE contest.event_id <> contest.winner_id AND NOT contest.was_current AND NOT contest.was_superseded
    RETURNING symbol, feed, trading_date, event_type, entity_id
)
INSERT INTO changed (symbol, feed, trading_date, event_type, entity_id)
SELECT symbol, feed, trading_date, event_type, entity_id
FROM shelved
