-- A correction; the bytes that came stay where they are.

INSERT INTO ops.dead_letter_fix (dead_letter_id, body, fixed_by)
VALUES (%(dead_letter_id)s, %(body)s, %(fixed_by)s)
RETURNING fix_id
