-- The newest run of a stream, and how long ago it showed itself.

SELECT epoch, host, pid, extract(epoch FROM clock_timestamp() - seen_at)::float8
FROM ops.stream_run
WHERE stream = %(stream)s
