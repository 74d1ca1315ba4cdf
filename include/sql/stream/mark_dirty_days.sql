-- Days whose rollup no longer shows the facts. The batch's number as revision never comes back.

INSERT INTO ops.dirty_day AS dirty (symbol, trading_date, revision)
SELECT DISTINCT symbol, trading_date, %(batch_id)s::bigint
FROM changed
WHERE event_type IN ('trade', 'bar', 'status')
ORDER BY symbol, trading_date
ON CONFLICT (symbol, trading_date) DO UPDATE
SET
    revision = excluded.revision,
    dirtied_at = now()
