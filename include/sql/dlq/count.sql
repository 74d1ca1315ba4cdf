-- How many dead letters a person's question finds, by state and reason.

SELECT
    CASE
        WHEN letter.status = 'open' AND EXISTS (
            SELECT FROM ops.dead_letter_fix AS fix WHERE fix.dead_letter_id = letter.dead_letter_id
        ) THEN 'fixed'
        ELSE letter.status
    END AS state,
    letter.reason,
    count(*)
FROM ops.dead_letter AS letter
WHERE (%(status)s::text IS NULL OR letter.status = %(status)s)
    AND (
        %(is_fixed)s::boolean IS NULL
        OR EXISTS (SELECT FROM ops.dead_letter_fix AS fix WHERE fix.dead_letter_id = letter.dead_letter_id) = %(is_fixed)s
    )
    AND (%(reason)s::text IS NULL OR letter.reason = %(reason)s)
    AND (%(producer)s::text IS NULL OR letter.producer_id = %(producer)s)
    AND (%(landed_on)s::date IS NULL OR letter.landed_at >= %(landed_on)s::date AND letter.landed_at < %(landed_on)s::date + 1)
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
