-- severity: error
-- Older versions of a fact that has no current version.

SELECT old.symbol, old.feed, old.entity_id, old.event_id, old.action
FROM market.event_superseded AS old
WHERE old.trading_date = %(trading_date)s
  AND NOT EXISTS (
      SELECT
      FROM market.event
      WHERE event.trading_date = old.trading_date
        AND event.entity_id = old.entity_id
  )
ORDER BY old.symbol, old.feed, old.entity_id
