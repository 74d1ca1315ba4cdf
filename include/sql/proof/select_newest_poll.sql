-- The newest poll: what was acknowledged up to here has to land.

SELECT coalesce(max(poll_id), 0)
FROM ops.poll
