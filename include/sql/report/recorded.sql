-- Whether a date is a trading day, whether anything of it was recorded, and the first and the last date that were, one
-- row. Read by the session report.
SELECT
    bool_or(day.is_trading_day) FILTER (WHERE day.calendar_date = %(trading_date)s) AS is_trading_day,
    coalesce(bool_or(day.is_recorded) FILTER (WHERE day.calendar_date = %(trading_date)s), FALSE) AS is_recorded,
    min(day.calendar_date) FILTER (WHERE day.is_recorded) AS first_date,
    max(day.calendar_date) FILTER (WHERE day.is_recorded) AS last_date
FROM mart.dim_date AS day
