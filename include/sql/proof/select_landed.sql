-- What landed of one day and feed, by subscribed symbol, in the terms of the simulator's truth ledger. A withdrawn
-- trade (cancelled, or replaced by a corrected one) is a fact whose current version is a cancel.

SELECT
    subscription.symbol,
    count(event.entity_id) FILTER (WHERE event.action <> 'cancel') AS trades,
    count(event.entity_id) FILTER (WHERE event.action = 'cancel') AS withdrawn,
    coalesce(sum(event.size) FILTER (WHERE event.action <> 'cancel' AND event.adds_volume), 0) AS volume,
    coalesce(sum(event.price * event.size) FILTER (WHERE event.action <> 'cancel' AND event.adds_volume), 0) AS notional
FROM market.subscription
LEFT JOIN market.event
    ON event.trading_date = %(trading_date)s
   AND event.symbol = subscription.symbol
   AND event.feed = subscription.feed
   AND event.event_type = 'trade'
   -- A file replayed past the simulator was never in its ledger.
   AND event.provider <> 'replay'
   -- What a person made of a record that the simulator sent unreadable: its ledger counts that one as malformed.
   AND NOT EXISTS (
       SELECT
       FROM ops.dead_letter_replay AS replay
       JOIN ops.dead_letter AS letter USING (dead_letter_id)
       WHERE letter.feed IS NOT NULL
         AND replay.trading_date = event.trading_date
         AND replay.entity_id = event.entity_id
         AND replay.producer_id = event.producer_id
   )
WHERE subscription.trading_date = %(trading_date)s
  AND subscription.feed = %(feed)s
GROUP BY subscription.symbol
ORDER BY subscription.symbol
