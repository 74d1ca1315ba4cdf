-- Whether a poll was committed after all, asked when the connection broke during the commit.
SELECT poll_id
FROM ops.poll
WHERE producer_id = %(producer_id)s
  AND endpoint = %(endpoint)s
  AND purpose = %(purpose)s
  AND requested_at = %(requested_at)s
  -- Two rows may tell of one request: what came of it, and which symbols were refused.
  AND outcome = %(outcome)s
  AND symbols = %(symbols)s;
