-- The stream's current run and the seconds since it last showed itself.
SELECT
    epoch,
    host,
    pid,
    extract(epoch FROM clock_timestamp() - seen_at)::float8
FROM ops.stream_run
WHERE stream = %(stream)s;
