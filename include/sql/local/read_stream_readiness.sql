-- Whether a stream run that began after a moment reads every partition and lives: its ledger is entered, its query runs
-- (the driver names its application once it does), and it was seen within some seconds. Read by `marketpulse up`.
SELECT
    count(*) >= %(partitions)s AS is_ready
FROM ops.stream_ledger AS ledger
WHERE ledger.topic = %(topic)s
  AND EXISTS (
      SELECT
          1
      FROM ops.stream_run AS run
      WHERE run.started_at >= %(since)s
        AND run.app_id IS NOT NULL
        AND run.seen_at > clock_timestamp() - make_interval(secs => %(seen_within_s)s)
  );
