-- The trading day that a run covers; its hours may have been corrected since.
INSERT INTO market.session (calendar, trading_date, pre_open_at, open_at, close_at, post_close_at)
VALUES (%(calendar)s, %(trading_date)s, %(pre_open_at)s, %(open_at)s, %(close_at)s, %(post_close_at)s)
ON CONFLICT (calendar, trading_date) DO UPDATE
SET
    pre_open_at = EXCLUDED.pre_open_at,
    open_at = EXCLUDED.open_at,
    close_at = EXCLUDED.close_at,
    post_close_at = EXCLUDED.post_close_at;
