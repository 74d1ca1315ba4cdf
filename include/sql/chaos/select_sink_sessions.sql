-- The server processes that work for the stream's sink.
SELECT pid
FROM pg_stat_activity
WHERE datname = current_database()
    AND starts_with(application_name, %(prefix)s)
ORDER BY pid
