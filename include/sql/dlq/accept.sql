-- Open letters that a person gives up, with the reason.

WITH accepted AS (
    UPDATE ops.dead_letter
    SET status = 'accepted'
    WHERE dead_letter_id = ANY(%(ids)s::uuid[]) AND status = 'open'
    RETURNING dead_letter_id
)
INSERT INTO ops.dead_letter_acceptance (dead_letter_id, reason, accepted_by)
SELECT dead_letter_id, %(reason)s, %(accepted_by)s
FROM accepted
RETURNING dead_letter_id
