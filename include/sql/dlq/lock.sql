-- One command at a time changes dead letters; held by the session.

SELECT pg_try_advisory_lock(hashtext('ops.dead_letter'))
