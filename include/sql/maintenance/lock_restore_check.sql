-- One restore check at a time: it owns the scratch database's name.

SELECT pg_advisory_lock(hashtext('marketpulse restore check'))
