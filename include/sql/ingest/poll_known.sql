-- Whether a poll was committed after all, asked when the connection broke during the commit.
SELECT poll_id
FROM ops.poll
WHERE producer_id = %(producer_id)s
  AND endpoint = %(endpoint)s
  AND purpose = %(purpose)s
  AND requested_at = %(requested_at)s;
