-- One equation in one row: both sides in total, how many places break it, and the first of them.
-- The braces hold an account (rows of place, left_count, right_count) and the relation that every row has to keep.

WITH account AS (
{account}
),
judged AS (
    SELECT
        place,
        left_count,
        right_count,
        (coalesce(left_count, -1) {relation} coalesce(right_count, -1)) AS holds
    FROM account
)
SELECT
    coalesce(sum(left_count), 0)::numeric AS left_total,
    coalesce(sum(right_count), 0)::numeric AS right_total,
    count(*) FILTER (WHERE NOT holds) AS offences,
    coalesce(
        (array_agg(place || ': ' || coalesce(left_count::text, 'none') || ' against ' || coalesce(right_count::text, 'none')
            ORDER BY place) FILTER (WHERE NOT holds))[1:10],
        '{{}}'
    ) AS sample
FROM judged
