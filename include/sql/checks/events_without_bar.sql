-- severity: error
-- Trades in force that add volume to a minute that has no bar.

SELECT minute.symbol, minute.feed, minute.bar_start, minute.bar_session_part, minute.trades
FROM (
    SELECT symbol, feed, bar_start, bar_session_part, count(*) AS trades
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND event_type = 'trade'
      AND action <> 'cancel'
      AND adds_volume
      AND bar_session_part IS NOT NULL
    GROUP BY symbol, feed, bar_start, bar_session_part
) AS minute
-- As in bars_without_events.sql.
WHERE (minute.symbol, minute.feed, minute.bar_start, minute.bar_session_part) NOT IN (
    SELECT symbol, feed, bar_start, session_part
    FROM market.bar_1m
    WHERE trading_date = %(trading_date)s
)
ORDER BY minute.symbol, minute.feed, minute.bar_start
