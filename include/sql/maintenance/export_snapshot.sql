-- A name for this transaction's snapshot, under which pg_dump sees the same rows.

SELECT pg_export_snapshot()
