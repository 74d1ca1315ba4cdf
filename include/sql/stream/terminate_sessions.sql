-- Ends the sink sessions of a stream's runs up to an epoch, which stands at the end of their names; without one all.
-- A backend that waits for COPY data ignores cancel and timeouts.

SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE usename = current_user
    AND datname = current_database()
    AND pid <> pg_backend_pid()
    AND starts_with(application_name, %(prefix)s)
    AND (
        %(up_to)s::bigint IS NULL
        OR CASE
            WHEN substr(application_name, length(%(prefix)s) + 1) ~ '^[0-9]{{1,18}}$'
                THEN substr(application_name, length(%(prefix)s) + 1)::bigint <= %(up_to)s
        END
    )
