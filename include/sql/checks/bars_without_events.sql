-- severity: error
-- Bars that no trade in force stands behind. A sealed day keeps its bars without its events.

SELECT bar.symbol, bar.feed, bar.bar_start, bar.session_part, bar.trade_count
FROM market.bar_1m AS bar
WHERE bar.trading_date = %(trading_date)s
  AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = %(trading_date)s)
  -- Reads the day's events once, whatever the planner thinks of a table that was filled a moment ago.
  AND (bar.symbol, bar.feed, bar.bar_start, bar.session_part) NOT IN (
      SELECT event.symbol, event.feed, event.bar_start, event.bar_session_part
      FROM market.event
      WHERE event.trading_date = %(trading_date)s
        AND event.event_type = 'trade'
        AND event.action <> 'cancel'
        AND event.adds_volume
        AND event.bar_start IS NOT NULL
        AND event.bar_session_part IS NOT NULL
  )
ORDER BY bar.symbol, bar.feed, bar.bar_start
