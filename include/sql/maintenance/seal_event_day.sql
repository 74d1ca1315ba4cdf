-- Drop one day's events when all of them landed before a moment; false when some are younger.

SELECT market.seal_event_day(%(trading_date)s, %(landed_before)s)
