-- Carry the close of each calendar's session, or its absence, into the stored session after it, whose return depends on
-- it. Parameters: symbols; calendars, dates and previous_dates (parallel arrays): the sessions to write and those before.
-- What a reader sees of it is in the series, which restates the day.

UPDATE rollup.daily AS following
SET previous_date = linked.previous_date,
    previous_close = linked.previous_close,
    computed_at = now()
FROM (
    SELECT
        stored.symbol,
        stored.trading_date,
        stored.feed,
        sessions.previous_date,
        round(previous.close * market.split_factor(stored.symbol, sessions.previous_date, sessions.trading_date), 6)
            AS previous_close
    FROM unnest(%(calendars)s::text[], %(dates)s::date[], %(previous_dates)s::date[])
        AS sessions (calendar, trading_date, previous_date)
    CROSS JOIN unnest(%(symbols)s::text[]) AS touched (symbol)
    JOIN rollup.daily AS stored
        ON stored.symbol = touched.symbol
       AND stored.calendar = sessions.calendar
       AND stored.trading_date = sessions.trading_date
    LEFT JOIN rollup.daily AS previous
        ON previous.symbol = stored.symbol
       AND previous.feed = stored.feed
       AND previous.calendar = stored.calendar
       AND previous.trading_date = sessions.previous_date
       AND coalesce(previous.is_synthetic, false) = coalesce(stored.is_synthetic, false)
       AND NOT EXISTS (
           SELECT
           FROM market.symbol AS listed
           WHERE listed.symbol = stored.symbol
             AND listed.valid_from > sessions.previous_date
             AND listed.valid_from <= sessions.trading_date
       )
) AS linked
WHERE following.symbol = linked.symbol
  AND following.trading_date = linked.trading_date
  AND following.feed = linked.feed
  AND following.previous_close IS DISTINCT FROM linked.previous_close
