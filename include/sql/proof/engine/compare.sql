-- DuckDB. Rows that are stored or due, how many of them are equal in every figure, and the first that are not. The braces
-- hold the columns of the key. A null equals a null.

WITH paired AS (
    SELECT
        key,
        stored.figures AS stored,
        due.figures AS due,
        stored.figures IS NOT NULL AND due.figures IS NOT NULL AND stored.figures = due.figures AS is_equal
    FROM (SELECT ({key}) AS key, stored AS figures FROM stored) AS stored
    FULL JOIN (SELECT ({key}) AS key, due AS figures FROM due) AS due USING (key)
)
SELECT
    count(*) AS places,
    count(*) FILTER (WHERE is_equal) AS equal_places,
    (list({{'stored': stored, 'due': due}} ORDER BY key) FILTER (WHERE NOT is_equal))[1:10] AS different
FROM paired
