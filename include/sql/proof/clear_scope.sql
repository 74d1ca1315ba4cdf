-- Forget what the proof was about.

WITH producers AS (
    DELETE FROM proof_producer
)
DELETE FROM proof_batch
