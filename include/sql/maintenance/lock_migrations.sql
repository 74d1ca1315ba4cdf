-- One migration run at a time in this database, released when the connection ends. Waits for the holder.

SELECT pg_advisory_lock(hashtext('marketpulse migrations'));
