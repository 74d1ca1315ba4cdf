-- Ends the firing alerts of these keys; one row for each that did fire.
UPDATE ops.alert
SET
    state = 'resolved',
    resolved_at = now()
WHERE dedup_key = ANY(%(dedup_keys)s)
  AND state = 'firing'
RETURNING
    alert_id,
    dedup_key,
    severity,
    summary,
    action,
    source;
