-- The keys under this prefix that fire now.
SELECT dedup_key
FROM ops.alert
WHERE state = 'firing'
  AND starts_with(dedup_key, %(prefix)s);
