-- Whether a stream run that began after a moment reads every partition: its ledger is entered and its query runs (the
-- driver names its application once it does). Read by `marketpulse up`.
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
  );
