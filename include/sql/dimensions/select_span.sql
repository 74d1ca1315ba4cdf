-- The first and the last recorded day, null in an empty database, and every calendar that a recorded session follows.

SELECT
    least(
        (SELECT min(trading_date) FROM market.session),
        (SELECT min(trading_date) FROM rollup.daily),
        (SELECT min(trading_date) FROM market.bar_1m)
    ) AS first_date,
    greatest(
        (SELECT max(trading_date) FROM market.session),
        (SELECT max(trading_date) FROM rollup.daily),
        (SELECT max(trading_date) FROM market.bar_1m)
    ) AS last_date,
    ARRAY(SELECT DISTINCT calendar FROM market.session ORDER BY calendar) AS calendars;
