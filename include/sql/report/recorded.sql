-- The first and the last recorded session, one row; what an error names when a date has none. Read by the session report.
SELECT
    min(session.trading_date) AS first_date,
    max(session.trading_date) AS last_date
FROM mart.dim_session AS session
