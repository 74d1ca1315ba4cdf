-- The run shows that it lives. It never waits: the sink's transactions hold the row for a moment each.

UPDATE ops.stream_run
SET
    seen_at = now(),
    app_id = coalesce(%(app_id)s, app_id)
WHERE stream = (
    SELECT stream
    FROM ops.stream_run
    WHERE stream = %(stream)s AND epoch = %(epoch)s
    FOR UPDATE SKIP LOCKED
)
