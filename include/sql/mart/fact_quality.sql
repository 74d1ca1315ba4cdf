-- The newest result of each data-quality check on each day. Grain and key: check_name, trading_date. Read by Power BI,
-- the HTML report and SQL clients.

CREATE VIEW mart.fact_quality AS
SELECT DISTINCT ON (result.check_name, result.trading_date)
    result.check_name,
    result.severity,
    result.trading_date,
    result.offending,
    result.checked_at AT TIME ZONE 'UTC' AS checked_at
FROM ops.check_result AS result
ORDER BY
    result.check_name,
    result.trading_date,
    result.checked_at DESC;

COMMENT ON VIEW mart.fact_quality IS
    'One row per data-quality check and trading day: what its newest run found. The checks are the files of '
    'include/sql/checks.';
COMMENT ON COLUMN mart.fact_quality.check_name IS 'Name of the check, and of its file.';
COMMENT ON COLUMN mart.fact_quality.severity IS
    'error: the data contradicts itself; warning: a person should look. Null for results older than this column.';
COMMENT ON COLUMN mart.fact_quality.trading_date IS 'Day that was checked; see dim_date.';
COMMENT ON COLUMN mart.fact_quality.offending IS 'Rows that should not be there.';
COMMENT ON COLUMN mart.fact_quality.checked_at IS 'When it was checked, UTC, host clock.';
