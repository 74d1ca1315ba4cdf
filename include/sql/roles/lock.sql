-- One set-up of roles at a time in this cluster's maintenance database. The key is arbitrary but fixed.

SELECT pg_advisory_lock(hashtext('marketpulse roles'));
