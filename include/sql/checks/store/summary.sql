-- How many rows a check finds, and the first ten as they are. The braces hold the check.

WITH offending AS (
{check}
)
SELECT
    (SELECT count(*) FROM offending) AS offending,
    (SELECT coalesce(jsonb_agg(to_jsonb(first_rows)), '[]') FROM (SELECT * FROM offending LIMIT 10) AS first_rows) AS sample
