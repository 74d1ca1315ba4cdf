-- severity: error
-- Older versions that should be the current one: cancel before correct before new, then the later receipt, then the id.

SELECT old.symbol, old.feed, old.entity_id, old.event_id AS superseded_id, event.event_id AS current_id
FROM market.event_superseded AS old
JOIN market.event
    ON event.trading_date = old.trading_date
   AND event.entity_id = old.entity_id
WHERE old.trading_date = %(trading_date)s
  AND (
          CASE old.action WHEN 'cancel' THEN 2 WHEN 'correct' THEN 1 ELSE 0 END,
          old.received_at,
          old.event_id
      ) >= (
          CASE event.action WHEN 'cancel' THEN 2 WHEN 'correct' THEN 1 ELSE 0 END,
          event.received_at,
          event.event_id
      )
ORDER BY old.symbol, old.feed, old.entity_id
