-- Extends a lease that is still held by this token. No row: it expired or another process took it.
UPDATE ops.lease
SET
    renewed_at = clock_timestamp(),
    expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE name = %(name)s
  AND token = %(token)s
  AND expires_at > clock_timestamp()
RETURNING expires_at;
