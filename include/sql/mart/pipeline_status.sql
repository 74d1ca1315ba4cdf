-- How the pipeline is, in one row, also when nothing was recorded yet. Read by Power BI's live page, the HTML report
-- and SQL clients.

CREATE VIEW mart.pipeline_status AS
SELECT
    health.state AS health_state,
    health.checked_at AT TIME ZONE 'UTC' AS checked_at,
    health.market_at AT TIME ZONE 'UTC' AS market_at,
    lag.records AS lag_records,
    lag.seconds AS lag_seconds,
    (SELECT max(latest_event_at) FROM market.feed_progress) AT TIME ZONE 'UTC' AS newest_event_at,
    (SELECT committed_at FROM ops.stream_batch ORDER BY batch_id DESC LIMIT 1) AT TIME ZONE 'UTC' AS newest_landed_at,
    (SELECT count(*) FROM ops.dead_letter WHERE status = 'open') AS open_dead_letters,
    proof.proved_at AT TIME ZONE 'UTC' AS last_proof_at,
    proof.balanced AS last_proof_balanced
FROM (SELECT) AS always
LEFT JOIN LATERAL (SELECT * FROM ops.health ORDER BY health.checked_at DESC LIMIT 1) AS health ON true
LEFT JOIN LATERAL (SELECT * FROM ops.proof ORDER BY proof.proof_id DESC LIMIT 1) AS proof ON true
LEFT JOIN LATERAL (
    SELECT
        sum((partition.entry ->> 'lag_records')::bigint)::bigint AS records,
        max((partition.entry ->> 'lag_seconds')::numeric)::numeric(18, 3) AS seconds
    FROM jsonb_array_elements(health.detail -> 'lags') AS partition (entry)
) AS lag ON true;

COMMENT ON VIEW mart.pipeline_status IS
    'One row: how the pipeline is, as the health check of the last minute found it.';
COMMENT ON COLUMN mart.pipeline_status.health_state IS
    'ok, warning, critical, or closed: nothing is wrong and the market is shut. Null before the first check.';
COMMENT ON COLUMN mart.pipeline_status.checked_at IS 'When it was checked, UTC, host clock.';
COMMENT ON COLUMN mart.pipeline_status.market_at IS 'Market time at that moment, UTC.';
COMMENT ON COLUMN mart.pipeline_status.lag_records IS
    'Records in Kafka that had not landed, all partitions; null where Kafka did not answer.';
COMMENT ON COLUMN mart.pipeline_status.lag_seconds IS
    'Age of the oldest such record, of the partition furthest behind.';
COMMENT ON COLUMN mart.pipeline_status.newest_event_at IS 'Event time of the newest landed event, UTC.';
COMMENT ON COLUMN mart.pipeline_status.newest_landed_at IS 'When the stream last committed, UTC, host clock.';
COMMENT ON COLUMN mart.pipeline_status.open_dead_letters IS 'Dead letters that nobody has replayed or accepted.';
COMMENT ON COLUMN mart.pipeline_status.last_proof_at IS 'When the equations were last computed, UTC, host clock.';
COMMENT ON COLUMN mart.pipeline_status.last_proof_balanced IS 'Whether every one of them balanced.';
