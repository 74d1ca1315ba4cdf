-- The days that have a partition of market.event, oldest first.

SELECT to_date(substr(child.relname, 7), 'YYYYMMDD') AS trading_date
FROM pg_inherits
JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
WHERE pg_inherits.inhparent = 'market.event'::regclass
  AND child.relname ~ '^event_[0-9]{8}$'
ORDER BY trading_date
