-- What landed in the last quarter of an hour, and how much of it as a dead letter.
SELECT
    coalesce(sum(records), 0)::bigint,
    coalesce(sum(dead_lettered), 0)::bigint
FROM ops.stream_batch
WHERE batch_id > (SELECT max(batch_id) - 100000 FROM ops.stream_batch)
  AND committed_at > now() - INTERVAL '15 minutes';
