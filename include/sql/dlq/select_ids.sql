-- The letters whose id begins with what a person typed; two are enough to say that it is ambiguous.

SELECT dead_letter_id
FROM ops.dead_letter
WHERE dead_letter_id BETWEEN %(first)s AND %(last)s
ORDER BY dead_letter_id
LIMIT 2
