-- The producer's newest run and the lease of whoever produces now. No row: nothing was ever produced.
SELECT
    run.producer_id,
    run.calendar,
    run.trading_date,
    extract(epoch FROM clock_timestamp() - run.started_at)::float8,
    extract(epoch FROM clock_timestamp() - run.ended_at)::float8,
    lease.holder,
    lease.expires_at > clock_timestamp(),
    extract(epoch FROM clock_timestamp() - lease.renewed_at)::float8
FROM (
    SELECT producer_id, calendar, trading_date, started_at, ended_at
    FROM ops.producer_run
    WHERE provider <> 'replay'
    ORDER BY started_at DESC
    LIMIT 1
) AS run
LEFT JOIN ops.lease AS lease ON lease.name = %(lease)s;
