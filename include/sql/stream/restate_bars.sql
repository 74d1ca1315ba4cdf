-- One row per closed bar that this transaction changed, with the versions that caused it.

INSERT INTO ops.restatement (
    symbol, feed, bar_start, session_part, trading_date, old, new, causes, batch_id, market_at
)
SELECT
    bar.symbol,
    bar.feed,
    bar.bar_start,
    bar.session_part,
    bar.trading_date,
    bar.old,
    bar.new,
    (
        SELECT coalesce(
            jsonb_agg(DISTINCT jsonb_build_object(
                'entity_id', changed.entity_id, 'event_id', changed.cause_id, 'action', changed.cause_action
            )),
            '[]'
        )
        FROM changed
        WHERE changed.event_type = 'trade'
            AND changed.cause_id IS NOT NULL
            AND changed.symbol = bar.symbol
            AND changed.feed = bar.feed
            AND changed.bar_start = bar.bar_start
            AND changed.bar_session_part = bar.session_part
    ) AS causes,
    %(batch_id)s,
    %(market_at)s
FROM rebuilt_bar AS bar
WHERE bar.is_closed AND bar.old IS DISTINCT FROM bar.new
ORDER BY bar.symbol, bar.feed, bar.bar_start, bar.session_part
