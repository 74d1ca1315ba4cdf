-- Gives a lease back, if it is still this token's.
DELETE FROM ops.lease
WHERE name = %(name)s
  AND token = %(token)s;
