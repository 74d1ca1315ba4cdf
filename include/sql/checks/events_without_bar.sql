-- severity: error
-- Trades in force that add volume to a minute that has no bar.

SELECT event.symbol, event.feed, event.bar_start, event.bar_session_part, count(*) AS trades
FROM market.event
LEFT JOIN market.bar_1m AS bar
    ON bar.symbol = event.symbol
   AND bar.feed = event.feed
   AND bar.bar_start = event.bar_start
   AND bar.session_part = event.bar_session_part
WHERE event.trading_date = %(trading_date)s
  AND event.event_type = 'trade'
  AND event.action <> 'cancel'
  AND event.adds_volume
  AND event.bar_session_part IS NOT NULL
  AND bar.symbol IS NULL
GROUP BY event.symbol, event.feed, event.bar_start, event.bar_session_part
ORDER BY event.symbol, event.feed, event.bar_start
