-- Raises an alert, or counts a repetition of the one that fires under the same key.
-- One row: the alert, and the severity it had before, as the statement began (null: it is new).
WITH before AS (
    SELECT severity
    FROM ops.alert
    WHERE dedup_key = %(dedup_key)s
      AND state = 'firing'
),
raised AS (
    INSERT INTO ops.alert AS known (dedup_key, severity, state, summary, action, source)
    VALUES (%(dedup_key)s, %(severity)s, 'firing', %(summary)s, %(action)s, %(source)s)
    ON CONFLICT (dedup_key) WHERE state = 'firing' DO UPDATE
    SET
        severity = EXCLUDED.severity,
        summary = EXCLUDED.summary,
        action = EXCLUDED.action,
        source = EXCLUDED.source,
        occurrences = known.occurrences + 1,
        last_at = now()
    RETURNING alert_id
)
SELECT
    raised.alert_id,
    before.severity
FROM raised
LEFT JOIN before ON TRUE;
