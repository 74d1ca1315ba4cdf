-- One calendar's days; a row that says the same already is left alone. Parameters: calendar, and parallel arrays of one
-- element a day; the hours are null where the exchange is closed.

INSERT INTO market.calendar_day AS stored (
    calendar, calendar_date, is_trading_day, is_early_close, pre_open_at, open_at, close_at, post_close_at
)
SELECT
    %(calendar)s,
    day.calendar_date,
    day.open_at IS NOT NULL,
    day.is_early_close,
    day.pre_open_at,
    day.open_at,
    day.close_at,
    day.post_close_at
FROM unnest(
    %(calendar_dates)s::date[],
    %(early_closes)s::boolean[],
    %(pre_opens)s::timestamptz[],
    %(opens)s::timestamptz[],
    %(closes)s::timestamptz[],
    %(post_closes)s::timestamptz[]
) AS day (calendar_date, is_early_close, pre_open_at, open_at, close_at, post_close_at)
ON CONFLICT (calendar, calendar_date) DO UPDATE
SET
    is_trading_day = excluded.is_trading_day,
    is_early_close = excluded.is_early_close,
    pre_open_at = excluded.pre_open_at,
    open_at = excluded.open_at,
    close_at = excluded.close_at,
    post_close_at = excluded.post_close_at
WHERE (
    stored.is_trading_day, stored.is_early_close, stored.pre_open_at, stored.open_at, stored.close_at,
    stored.post_close_at
) IS DISTINCT FROM (
    excluded.is_trading_day, excluded.is_early_close, excluded.pre_open_at, excluded.open_at, excluded.close_at,
    excluded.post_close_at
);
