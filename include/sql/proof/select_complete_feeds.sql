-- The feeds and calendars of a day that was swept to the session's end: what is compared with the truth ledger.

SELECT DISTINCT subscription.feed, subscription.calendar
FROM market.subscription
JOIN market.session USING (calendar, trading_date)
JOIN ops.poll
    ON poll.trading_date = subscription.trading_date
   AND poll.feed = subscription.feed
   AND poll.endpoint = 'trades'
   AND poll.purpose = 'sweep'
   AND poll.outcome IN ('ok', 'empty')
   AND poll.covered_until >= session.post_close_at
WHERE subscription.trading_date = %(trading_date)s
ORDER BY subscription.feed
