-- DuckDB. How many rows are stored or due, how many of them are equal in every figure, and the first that are not. The
-- braces hold the columns of the key. A null equals a null.

WITH paired AS (
    SELECT
        {key},
        CASE WHEN stored.symbol IS NOT NULL THEN stored END AS stored,
        CASE WHEN due.symbol IS NOT NULL THEN due END AS due,
        stored.symbol IS NOT NULL AND due.symbol IS NOT NULL AND stored = due AS is_equal
    FROM stored
    FULL JOIN due USING ({key})
),
different AS (
    SELECT stored, due
    FROM paired
    WHERE NOT is_equal
    ORDER BY {key}
    LIMIT 10
)
SELECT
    (SELECT count(*) FROM paired) AS places,
    (SELECT count(*) FROM paired WHERE is_equal) AS equal_places,
    (SELECT list({{'stored': stored, 'due': due}}) FROM different) AS different
