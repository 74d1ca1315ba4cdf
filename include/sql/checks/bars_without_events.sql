-- severity: error
-- Bars that no trade in force stands behind. A sealed day keeps its bars without its events.

SELECT bar.symbol, bar.feed, bar.bar_start, bar.session_part, bar.trade_count
FROM market.bar_1m AS bar
WHERE bar.trading_date = %(trading_date)s
  AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = %(trading_date)s)
  AND NOT EXISTS (
      SELECT
      FROM market.event
      WHERE event.trading_date = %(trading_date)s
        AND event.event_type = 'trade'
        AND event.action <> 'cancel'
        AND event.adds_volume
        AND event.symbol = bar.symbol
        AND event.feed = bar.feed
        AND event.bar_start = bar.bar_start
        AND event.bar_session_part = bar.session_part
  )
ORDER BY bar.symbol, bar.feed, bar.bar_start
