-- One day is recomputed at a time: a day reads its predecessor's close and writes into its successor.

SELECT pg_advisory_xact_lock(hashtext('rollup.daily'))
