-- Who holds a lease that has not expired.

SELECT holder
FROM ops.lease
WHERE name = %(name)s AND expires_at > clock_timestamp()
