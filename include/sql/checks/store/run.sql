-- Run one check on some days, keep what it found on each, and answer in one row: whether it passes, and what it found.
-- The braces hold the check, which reads the day's date from day.trading_date. Parameters: check_name, severity,
-- trading_dates. Read by the check operators of daily_rollups: both columns are true when the check passes.

WITH day AS MATERIALIZED (
    SELECT DISTINCT listed.trading_date
    FROM unnest(%(trading_dates)s::date[]) AS listed (trading_date)
),
found AS (
    SELECT
        day.trading_date,
        count(offence.row_data) AS offending,
        coalesce(jsonb_agg(offence.row_data ORDER BY offence.number) FILTER (WHERE offence.number <= 10), '[]') AS sample
    FROM day
    LEFT JOIN LATERAL (
        SELECT to_jsonb(offending) AS row_data, row_number() OVER () AS number
        FROM (
{check}
        ) AS offending
    ) AS offence ON true
    GROUP BY day.trading_date
),
kept AS (
    INSERT INTO ops.check_result (check_name, severity, trading_date, offending, sample)
    SELECT %(check_name)s, %(severity)s, found.trading_date, found.offending, found.sample
    FROM found
    RETURNING trading_date, offending, sample
)
SELECT
    %(severity)s = 'warning' OR coalesce(sum(kept.offending), 0) = 0 AS is_passed,
    coalesce(
        string_agg(
            format('%%s: %%s rows, first %%s', kept.trading_date, kept.offending, kept.sample -> 0), '; '
            ORDER BY kept.trading_date
        ) FILTER (WHERE kept.offending > 0),
        'nothing found'
    ) AS summary
FROM kept
