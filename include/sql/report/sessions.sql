-- The sessions of one date, one row a calendar, planned or recorded. Where a calendar's zone is not known, local times
-- are UTC, here and in the report's other queries. Read by the session report.
SELECT
    session.calendar,
    session.trading_date,
    session.pre_open_at,
    session.open_at,
    session.close_at,
    session.post_close_at,
    coalesce(session.open_local, session.open_at) AS open_local,
    coalesce(session.close_local, session.close_at) AS close_local,
    session.regular_minutes,
    session.is_early_close
FROM mart.dim_session AS session
WHERE session.trading_date = %(trading_date)s
ORDER BY session.calendar
