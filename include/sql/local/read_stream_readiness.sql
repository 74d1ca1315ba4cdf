-- Whether a stream run that began after a moment holds the ledger of every partition. Read by `marketpulse up`.
SELECT
    count(*) >= %(partitions)s AS is_ready
FROM ops.stream_ledger AS ledger
WHERE ledger.topic = %(topic)s
  AND EXISTS (
      SELECT
          1
      FROM ops.stream_run AS run
      WHERE run.started_at >= %(since)s
  );
