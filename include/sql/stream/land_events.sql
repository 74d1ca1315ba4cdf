-- New facts, and new versions that won, become the current version.

WITH landed AS (
    INSERT INTO market.event (
        {event_columns},
        batch_id
    )
    SELECT
        {incoming_event_columns},
        %(batch_id)s
    FROM incoming
    LEFT JOIN contest USING (trading_date, entity_id, event_id)
    WHERE contest.event_id IS NULL
        OR (contest.event_id = contest.winner_id AND NOT contest.was_current AND NOT contest.was_superseded)
    RETURNING
        symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, event_id, action
)
INSERT INTO changed
SELECT symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part, event_id, action
FROM landed
