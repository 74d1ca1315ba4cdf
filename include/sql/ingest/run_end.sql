-- How a run ended; a run that was killed has no end.
UPDATE ops.producer_run
SET
    ended_at = clock_timestamp(),
    outcome = %(outcome)s
WHERE producer_id = %(producer_id)s;
