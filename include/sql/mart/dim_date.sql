-- Days by their calendar, for BI date tables, which may have no hole. Grain and key: calendar_date. Full years, from
-- the first that anything was recorded in to the last that the calendars were filled for. Read by Power BI and SQL
-- clients.

CREATE VIEW mart.dim_date AS
WITH bound AS (
    SELECT
        date_trunc('year', least(
            (SELECT min(calendar_date) FROM market.calendar_day),
            (SELECT min(trading_date) FROM market.session),
            (SELECT min(trading_date) FROM rollup.daily),
            (SELECT min(trading_date) FROM market.bar_1m)
        )::timestamp) AS first_day,
        date_trunc('year', greatest(
            (SELECT max(calendar_date) FROM market.calendar_day),
            (SELECT max(trading_date) FROM market.session),
            (SELECT max(trading_date) FROM rollup.daily),
            (SELECT max(trading_date) FROM market.bar_1m)
        )::timestamp) + INTERVAL '1 year - 1 day' AS last_day
),
--
planned AS (
    SELECT
        calendar_day.calendar_date,
        calendar_day.is_trading_day,
        calendar_day.is_early_close
    FROM market.calendar_day
    JOIN market.calendar USING (calendar)
    WHERE calendar.is_primary
)
SELECT
    day.started_at::date AS calendar_date,
    extract(year FROM day.started_at)::integer AS year,
    extract(quarter FROM day.started_at)::integer AS quarter,
    extract(month FROM day.started_at)::integer AS month,
    to_char(day.started_at, 'Mon') AS month_name,
    to_char(day.started_at, 'YYYY-MM') AS year_month,
    extract(week FROM day.started_at)::integer AS iso_week,
    extract(day FROM day.started_at)::integer AS day_of_month,
    extract(isodow FROM day.started_at)::integer AS weekday,
    to_char(day.started_at, 'Dy') AS weekday_name,
    coalesce(planned.is_trading_day, recorded.trading_date IS NOT NULL) AS is_trading_day,
    coalesce(planned.is_early_close, false) AS is_early_close,
    recorded.trading_date IS NOT NULL AS is_recorded
FROM bound
CROSS JOIN LATERAL generate_series(bound.first_day, bound.last_day, INTERVAL '1 day') AS day (started_at)
LEFT JOIN (SELECT DISTINCT trading_date FROM market.session) AS recorded
    ON recorded.trading_date = day.started_at::date
LEFT JOIN planned ON planned.calendar_date = day.started_at::date;

COMMENT ON VIEW mart.dim_date IS
    'One row per day of full years without a hole: the date table. Covers every date of every fact.';
COMMENT ON COLUMN mart.dim_date.calendar_date IS 'The day; unique. Facts relate to it by their trading_date.';
COMMENT ON COLUMN mart.dim_date.year IS 'Calendar year.';
COMMENT ON COLUMN mart.dim_date.quarter IS 'Quarter of the year, 1 to 4.';
COMMENT ON COLUMN mart.dim_date.month IS 'Month of the year, 1 to 12; month_name sorts by it.';
COMMENT ON COLUMN mart.dim_date.month_name IS 'English month, three letters.';
COMMENT ON COLUMN mart.dim_date.year_month IS 'Year and month as 2026-11, which sorts as text.';
COMMENT ON COLUMN mart.dim_date.iso_week IS 'Week of the year by ISO 8601, 1 to 53; weeks begin on Monday.';
COMMENT ON COLUMN mart.dim_date.day_of_month IS 'Day of the month, 1 to 31.';
COMMENT ON COLUMN mart.dim_date.weekday IS
    'Day of the week by ISO 8601: 1 is Monday, 7 Sunday; weekday_name sorts by it.';
COMMENT ON COLUMN mart.dim_date.weekday_name IS 'English weekday, three letters.';
COMMENT ON COLUMN mart.dim_date.is_trading_day IS
    'Whether the primary calendar (setting MARKETPULSE_CALENDAR) has a session on this day.';
COMMENT ON COLUMN mart.dim_date.is_early_close IS 'Whether that session closes earlier than usual.';
COMMENT ON COLUMN mart.dim_date.is_recorded IS 'Whether a session of this day was recorded.';
