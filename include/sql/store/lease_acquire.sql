-- Takes a lease that is free, expired, or held by the token of a process known to be dead. No row: another one has it.
-- clock_timestamp(), not now(): a transaction that waited for the row's lock must judge by the moment it got it.
INSERT INTO ops.lease AS held (name, holder, token, acquired_at, renewed_at, expires_at)
VALUES (
    %(name)s,
    %(holder)s,
    %(token)s,
    clock_timestamp(),
    clock_timestamp(),
    clock_timestamp() + make_interval(secs => %(ttl_s)s)
)
ON CONFLICT (name) DO UPDATE
SET
    holder = EXCLUDED.holder,
    token = EXCLUDED.token,
    acquired_at = EXCLUDED.acquired_at,
    renewed_at = EXCLUDED.renewed_at,
    expires_at = EXCLUDED.expires_at
WHERE held.expires_at <= clock_timestamp()
   OR held.token = %(orphan)s
RETURNING expires_at;
