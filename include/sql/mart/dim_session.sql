-- Trading sessions: the calendar's plan, and where one was recorded, what was recorded. Grain and key: calendar,
-- trading_date. Read by Power BI and SQL clients.

CREATE VIEW mart.dim_session AS
SELECT
    hours.calendar,
    hours.trading_date,
    hours.pre_open_at AT TIME ZONE 'UTC' AS pre_open_at,
    hours.open_at AT TIME ZONE 'UTC' AS open_at,
    hours.close_at AT TIME ZONE 'UTC' AS close_at,
    hours.post_close_at AT TIME ZONE 'UTC' AS post_close_at,
    hours.open_at AT TIME ZONE calendar.time_zone AS open_local,
    hours.close_at AT TIME ZONE calendar.time_zone AS close_local,
    (extract(epoch FROM hours.close_at - hours.open_at) / 60)::integer AS regular_minutes,
    hours.is_early_close
FROM (
    SELECT
        coalesce(session.calendar, planned.calendar) AS calendar,
        coalesce(session.trading_date, planned.calendar_date) AS trading_date,
        coalesce(session.pre_open_at, planned.pre_open_at) AS pre_open_at,
        coalesce(session.open_at, planned.open_at) AS open_at,
        coalesce(session.close_at, planned.close_at) AS close_at,
        coalesce(session.post_close_at, planned.post_close_at) AS post_close_at,
        coalesce(planned.is_early_close, false) AS is_early_close
    FROM market.session
    FULL JOIN (SELECT * FROM market.calendar_day WHERE is_trading_day) AS planned
        ON planned.calendar = session.calendar
       AND planned.calendar_date = session.trading_date
) AS hours
LEFT JOIN market.calendar ON calendar.calendar = hours.calendar;

COMMENT ON VIEW mart.dim_session IS
    'One row per trading calendar and session: its hours, in UTC and on the exchange''s clock.';
COMMENT ON COLUMN mart.dim_session.calendar IS 'Trading calendar: an exchange_calendars name such as XNYS, or 24/7.';
COMMENT ON COLUMN mart.dim_session.trading_date IS 'The session''s date at the exchange.';
COMMENT ON COLUMN mart.dim_session.pre_open_at IS 'Beginning of the pre-market, UTC.';
COMMENT ON COLUMN mart.dim_session.open_at IS 'Beginning of the regular part, UTC.';
COMMENT ON COLUMN mart.dim_session.close_at IS 'End of the regular part, UTC; it does not belong to it.';
COMMENT ON COLUMN mart.dim_session.post_close_at IS 'End of the post-market, UTC.';
COMMENT ON COLUMN mart.dim_session.open_local IS 'Beginning of the regular part on the exchange''s clock.';
COMMENT ON COLUMN mart.dim_session.close_local IS 'End of the regular part on the exchange''s clock.';
COMMENT ON COLUMN mart.dim_session.regular_minutes IS 'Length of the regular part in minutes.';
COMMENT ON COLUMN mart.dim_session.is_early_close IS 'Whether the regular part ends earlier than usual.';
