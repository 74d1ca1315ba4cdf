-- Who holds the producer's lease now, and when it was last renewed. No row: it is free.
SELECT
    holder,
    renewed_at
FROM ops.lease
WHERE name = %(lease)s
  AND expires_at > clock_timestamp();
