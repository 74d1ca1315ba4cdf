-- Ends the sink sessions of older runs. A backend that waits for COPY data ignores cancel and timeouts.

SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE usename = current_user
    AND datname = current_database()
    AND pid <> pg_backend_pid()
    AND starts_with(application_name, %(prefix)s)
    AND application_name <> %(own_name)s
