-- Every table of ours that is not a partition of another: what is vacuumed and counted.

SELECT namespace.nspname AS schema_name, class.relname AS table_name
FROM pg_class AS class
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname IN ('market', 'ops', 'rollup')
  AND class.relkind IN ('r', 'p')
  AND NOT class.relispartition
ORDER BY schema_name, table_name
