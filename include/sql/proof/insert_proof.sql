-- Keep a proof with every number it rests on.

INSERT INTO ops.proof (date_from, date_to, balanced, equations)
VALUES (%(date_from)s, %(date_to)s, %(balanced)s, %(equations)s)
RETURNING proof_id
