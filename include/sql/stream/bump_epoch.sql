-- A starting run takes over: from its commit on, no older run passes the check in lock_ledger.

INSERT INTO ops.stream_run AS run (stream, epoch, run_id, host, pid, app_id, started_at, seen_at)
VALUES (%(stream)s, 1, %(run_id)s, %(host)s, %(pid)s, %(app_id)s, now(), now())
ON CONFLICT (stream) DO UPDATE
SET
    epoch = run.epoch + 1,
    run_id = excluded.run_id,
    host = excluded.host,
    pid = excluded.pid,
    app_id = excluded.app_id,
    started_at = excluded.started_at,
    seen_at = excluded.seen_at
RETURNING epoch
