-- One row per closed bar that this transaction changed, with the versions that caused it.

WITH restated AS (
    SELECT *
    FROM rebuilt_bar
    WHERE is_closed AND old IS DISTINCT FROM new
),
--
cause AS (
    SELECT
        changed.symbol,
        changed.feed,
        changed.bar_start,
        changed.bar_session_part AS session_part,
        jsonb_agg(DISTINCT jsonb_build_object(
            'entity_id', changed.entity_id, 'event_id', changed.cause_id, 'action', changed.cause_action
        )) AS causes
    FROM changed
    WHERE changed.event_type = 'trade' AND changed.cause_id IS NOT NULL AND changed.bar_start IS NOT NULL
        AND EXISTS (SELECT FROM restated)
    GROUP BY changed.symbol, changed.feed, changed.bar_start, changed.bar_session_part
)
INSERT INTO ops.restatement (
    symbol, feed, bar_start, session_part, trading_date, old, new, causes, batch_id, market_at
)
SELECT
    restated.symbol,
    restated.feed,
    restated.bar_start,
    restated.session_part,
    restated.trading_date,
    restated.old,
    restated.new,
    coalesce(cause.causes, '[]'),
    %(batch_id)s,
    %(market_at)s
FROM restated
LEFT JOIN cause USING (symbol, feed, bar_start, session_part)
ORDER BY restated.symbol, restated.feed, restated.bar_start, restated.session_part
