-- One row while this token holds the lease; the lock keeps anyone else from taking it before our commit.
SELECT expires_at
FROM ops.lease
WHERE name = %(name)s
  AND token = %(token)s
  AND expires_at > clock_timestamp()
FOR UPDATE;
