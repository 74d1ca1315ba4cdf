-- Every trade in force of one day, with what it may do to its bar; in no order on purpose, the reader orders for itself.

SELECT
    symbol,
    feed,
    event_time_ns,
    sequence_number,
    trade_id_number,
    event_id::text AS event_id,
    price,
    size,
    bar_session_part,
    adds_volume,
    sets_high_low,
    sets_open_close,
    volume_scope
FROM market.event
WHERE trading_date = %(trading_date)s
  AND event_type = 'trade'
  AND action <> 'cancel'
  AND bar_session_part IS NOT NULL
