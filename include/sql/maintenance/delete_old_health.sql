-- Health is written every minute and read for its recent past only.

DELETE FROM ops.health
WHERE checked_at < %(checked_before)s
