-- Space and planner statistics. A table that somebody has locked is skipped: the next run takes it.

VACUUM (ANALYZE, SKIP_LOCKED) {tables}
