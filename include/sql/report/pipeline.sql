-- The pipeline as it is now, one row. Read by the session report.
SELECT
    status.health_state,
    status.checked_at,
    status.market_at,
    status.lag_records,
    status.lag_seconds,
    status.newest_event_at,
    status.newest_landed_at,
    status.open_dead_letters,
    status.last_proof_at,
    status.last_proof_balanced
FROM mart.pipeline_status AS status
