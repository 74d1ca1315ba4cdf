-- Carry this day's close, or its absence, into the stored next session of each calendar: its return depends on it.

UPDATE rollup.daily AS following
SET previous_close = previous.close,
    computed_at = now()
FROM unnest(%(calendars)s::text[], %(next_dates)s::date[]) AS after (calendar, next_date)
CROSS JOIN unnest(%(symbols)s::text[]) AS touched (symbol)
JOIN rollup.daily AS stored
    ON stored.symbol = touched.symbol
   AND stored.calendar = after.calendar
   AND stored.trading_date = after.next_date
LEFT JOIN rollup.daily AS previous
    ON previous.symbol = stored.symbol
   AND previous.feed = stored.feed
   AND previous.calendar = stored.calendar
   AND previous.trading_date = %(trading_date)s
WHERE following.symbol = stored.symbol
  AND following.trading_date = stored.trading_date
  AND following.feed = stored.feed
  AND following.previous_close IS DISTINCT FROM previous.close
